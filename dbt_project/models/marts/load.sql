with load as (
    select
        source_system,
        business_date,
        revision,
        file_name,
        sha256,
        rows_read,
        rows_loaded,
        rows_quarantined,
        sums,
        loaded_at,
        status,
        reason
    from {{ source('lake', 'load') }}
)

select * from load
