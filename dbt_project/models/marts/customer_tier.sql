-- Where a recipient has several groups of records of one customer, the customer's row is that of its best group.
with tiers as (
    select
        *,
        row_number() over (
            partition by customer_id, scope order by tier asc, contribution desc, potential desc, own_group asc
        ) as nth
    from {{ ref('core_tier') }}
),

previous as (
    select * from {{ source('lake', 'previous_customer_tier') }}
),

customer_tier as (
    select
        tiers.customer_id,
        tiers.scope,
        {{ as_of() }} as as_of,
        tiers.tier,
        tiers.tier_name,
        tiers.rule_id,
        tiers.contribution,
        tiers.potential,
        tiers.parts,
        cast(previous.tier as integer) as previous_tier,
        tiers.strategy_code,
        tiers.is_contactable
    from tiers
    left join previous on tiers.customer_id = previous.customer_id and tiers.scope = previous.scope
    where tiers.nth = 1
)

select * from customer_tier
