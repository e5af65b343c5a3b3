with scores as (
    select * from {{ ref('core_tier_score') }}
),

rules as (
    select * from {{ ref('tier_rule') }}
    where {{ valid_on('tier_rule', as_of()) }}
),

-- Every rule that holds; the first of them is the tier.
holding as (
    select
        scores.*,
        rules.rule_id,
        rules.tier,
        rules.tier_name,
        rules.strategy_code,
        row_number() over (partition by scores.customer_id, scores.scope order by rules.rule_order) as nth
    from scores
    inner join rules
        on case rules.rule_id
            when 'T1_KEY' then scores.is_in_force_holder and scores.contribution >= rules.min_contribution
            when 'T2_DEVELOP' then scores.is_contactable and scores.potential >= rules.min_potential
            when 'T3_REGULAR'
                then
                    scores.is_in_force_holder
                    and (
                        scores.contribution >= rules.min_contribution
                        or coalesce(scores.days_since_engaged < rules.engaged_within_days, false)
                    )
            when 'T4_RENEWAL'
                then
                    (scores.is_in_force_holder and scores.has_instalment_due) or scores.is_reinstatable
            else true
        end
),

previous as (
    select * from {{ source('lake', 'previous_customer_tier') }}
),

customer_tier as (
    select
        holding.customer_id,
        holding.scope,
        {{ as_of() }} as as_of,
        cast(holding.tier as integer) as tier,
        holding.tier_name,
        holding.rule_id,
        holding.contribution,
        holding.potential,
        holding.parts,
        cast(previous.tier as integer) as previous_tier,
        holding.strategy_code,
        holding.is_contactable
    from holding
    left join previous on holding.customer_id = previous.customer_id and holding.scope = previous.scope
    where holding.nth = 1
)

select * from customer_tier
