with alive as (
    select
        customer_id,
        sum(points) as points
    from {{ ref('core_point_entry') }}
    where expires_on > {{ as_of() }}
    group by customer_id
),

customer_points as (
    select
        customer.customer_id,
        cast(coalesce(alive.points, 0) as bigint) as points_alive
    from {{ ref('core_customer') }} as customer
    left join alive on customer.customer_id = alive.customer_id
)

select * from customer_points
