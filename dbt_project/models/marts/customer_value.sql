with customer_value as (
    select
        customer_id,
        attribute,
        value,
        is_valid,
        source_system,
        source_record_id,
        bearers,
        candidates,
        chosen_by,
        changed_on
    from {{ ref('core_customer_value') }}
)

select * from customer_value
