-- Each customer has points, a VIP level and a place in the company's distribution of tiers, once; the points are those of the
-- entries alive.
with customers as (
    select count(*) as customers from {{ ref('customer') }}
),

entries as (
    select coalesce(sum(points), 0) as points
    from {{ ref('points_entry') }}
    where expires_on > {{ as_of() }}
),

points as (
    select
        count(*) as customers,
        coalesce(sum(points_alive), 0) as points
    from {{ ref('customer_points') }}
),

levels as (
    select count(*) as customers from {{ ref('customer_vip') }}
),

distribution as (
    select coalesce(sum(customers), 0) as customers
    from {{ ref('tier_distribution') }}
    where channel = 'ALL' and branch_code = 'ALL'
)

select *
from customers
cross join entries
cross join points
cross join levels
cross join distribution
where
    customers.customers != points.customers
    or customers.customers != levels.customers
    or customers.customers != distribution.customers
    or entries.points != points.points
