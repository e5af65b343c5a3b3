with points_entry as (
    select
        customer_id,
        cause,
        source_system,
        entry_ref,
        points,
        earned_on,
        expires_on
    from {{ ref('core_point_entry') }}
)

select * from points_entry
