with current_violations as (
    {{ current_rows('channel_broker__violations') }}
),

stg_channel_broker__violations as (
    select
        partner_code,
        violated_on,
        violation_type,
        severity,
        authority,
        penalty_amount,
        {{ lineage() }}
    from current_violations
)

select * from stg_channel_broker__violations
