with probable_link as (
    select
        cast(null as varchar) as source_system,
        cast(null as varchar) as source_record_id,
        cast(null as varchar) as customer_id,
        cast(null as double) as probability,
        cast(null as varchar) as why
    where false
)

select * from probable_link
