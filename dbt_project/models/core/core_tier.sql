-- The first rule that holds gives the tier. One row per customer and scope; where a recipient's own records of a customer do
-- not hang together by themselves, one row for each group of them (own_group, null for the whole company).
with scores as (
    select * from {{ ref('core_tier_score') }}
),

rules as (
    select * from {{ ref('tier_rule') }} as tier_rule
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
        row_number() over (partition by scores.customer_id, scores.scope, scores.own_group order by rules.rule_order) as nth
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

tier as (
    select
        customer_id,
        scope,
        own_group,
        cast(tier as integer) as tier,
        tier_name,
        rule_id,
        strategy_code,
        contribution,
        potential,
        parts,
        is_contactable
    from holding
    where nth = 1
)

select * from tier
