with current_erasures as (
    {{ current_rows('stewardship__erasures') }}
),

stg_stewardship__erasures as (
    select
        request_id,
        system as erased_system,
        record_id as erased_record_id,
        requested_at,
        {{ lineage() }}
    from current_erasures
)

select * from stg_stewardship__erasures
