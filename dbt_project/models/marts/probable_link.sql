with probable_link as (
    select
        source_system,
        source_record_id,
        customer_id,
        probability,
        why
    from {{ ref('core_probable_link') }}
)

select * from probable_link
