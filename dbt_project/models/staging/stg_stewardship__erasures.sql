-- Every request that was ever accepted, whatever its date and whether later files still hold it: an erasure is for ever.
with requests as (
    select * from {{ source('lake', 'stewardship__erasures') }}
),

stg_stewardship__erasures as (
    select distinct
        request_id,
        system as erased_system,
        record_id as erased_record_id
    from requests
)

select * from stg_stewardship__erasures
