-- Moves between tiers since the last day of the month before, with the cause that most of each move have.
with causes as (
    select
        from_tier,
        to_tier,
        cause,
        count(*) as customers
    from {{ ref('tier_move_customer') }}
    group by from_tier, to_tier, cause
),

ranked as (
    select
        *,
        row_number() over (partition by from_tier, to_tier order by customers desc, cause asc) as nth,
        sum(customers) over (partition by from_tier, to_tier) as all_customers
    from causes
),

tier_move as (
    select
        from_tier,
        to_tier,
        cast(all_customers as bigint) as customers,
        cause as main_cause
    from ranked
    where nth = 1
)

select * from tier_move
