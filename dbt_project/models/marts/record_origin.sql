with record_origin as (
    select
        customer_id,
        source_system,
        source_record_id,
        table_name,
        business_date,
        file_name,
        line_number
    from {{ ref('core_record_origin') }}
)

select * from record_origin
