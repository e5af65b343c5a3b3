with current_ack as (
    {{ current_rows('acks__ack') }}
),

stg_acks__ack as (
    select
        package_id,
        sha256,
        received_at,
        status,
        rejected,
        {{ lineage() }}
    from current_ack
)

select * from stg_acks__ack
