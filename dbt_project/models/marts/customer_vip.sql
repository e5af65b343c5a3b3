with customer_vip as (
    select
        points.customer_id,
        levels.vip_level
    from {{ ref('customer_points') }} as points
    inner join {{ ref('vip_level') }} as levels
        on {{ valid_on('levels', as_of()) }} and {{ in_band('points.points_alive', 'levels') }}
)

select * from customer_vip
