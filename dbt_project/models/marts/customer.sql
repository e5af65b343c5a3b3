with customer as (
    select
        customer_id,
        kind,
        sex,
        birth_year,
        region_code,
        first_seen_on,
        channels,
        is_contactable,
        name,
        birth_date,
        id_number,
        mobile
    from {{ ref('core_customer') }}
)

select * from customer
