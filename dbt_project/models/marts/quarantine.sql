with quarantine as (
    select
        source_system,
        business_date,
        file_name,
        line_number,
        raw,
        reasons
    from {{ source('lake', 'quarantine') }}
)

select * from quarantine
