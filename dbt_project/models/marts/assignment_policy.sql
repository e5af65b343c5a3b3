-- Policies that need another agent, with the turn of their customer: orphans, and those whose agent is of a lower grade than
-- the customer's tier asks for. An agent of a higher grade than asked for stays.
{{ config(schema='core', contract={'enforced': false}) }}

with grades as (
    select
        rule.grade,
        rule.rule_order
    from {{ ref('agent_grade_rule') }} as rule
    where {{ valid_on('rule', as_of()) }}
),

strategies as (
    select
        strategy.tier,
        strategy.required_grades,
        max(grades.rule_order) as lowest_allowed
    from {{ ref('tier_strategy') }} as strategy
    inner join grades on '|' || strategy.required_grades || '|' like '%|' || grades.grade || '|%'
    where {{ valid_on('strategy', as_of()) }}
    group by strategy.tier, strategy.required_grades
),

tiers as (
    select
        customer_tier.customer_id,
        customer_tier.tier,
        strategies.required_grades,
        strategies.lowest_allowed
    from {{ ref('customer_tier') }} as customer_tier
    left join strategies on customer_tier.tier = strategies.tier
    where customer_tier.scope = 'ALL'
),

in_force_ape as (
    select
        holder_customer_id as customer_id,
        sum(ape) as in_force_ape
    from {{ ref('core_policy') }}
    where is_in_force and holder_customer_id is not null
    group by holder_customer_id
),

judged as (
    select
        policy.source_system,
        policy.policy_no,
        policy.branch_code,
        policy.holder_customer_id as customer_id,
        policy.serving_agent_code as from_agent,
        tiers.tier,
        tiers.required_grades,
        coalesce(in_force_ape.in_force_ape, policy.ape) as in_force_ape,
        case
            when agent.agent_code is null then 'ORPHAN_UNKNOWN'
            when agent.left_on <= {{ as_of() }} then 'ORPHAN_DEPARTED'
            when grades.rule_order > tiers.lowest_allowed then 'UNDER_GRADED'
        end as cause
    from {{ ref('core_policy') }} as policy
    left join {{ ref('core_agent') }} as agent on policy.serving_agent_code = agent.agent_code
    left join {{ ref('agent_grade') }} as agent_grade on policy.serving_agent_code = agent_grade.agent_code
    left join grades on agent_grade.grade = grades.grade
    left join tiers on policy.holder_customer_id = tiers.customer_id
    left join in_force_ape on policy.holder_customer_id = in_force_ape.customer_id
    where policy.channel = 'IND' and policy.is_in_force
),

-- A customer's policies of one branch go to one agent; a policy without a person stands for itself.
grouped as (
    select
        *,
        coalesce(customer_id, source_system || ':' || policy_no) as person,
        min(source_system || ':' || policy_no) over (
            partition by coalesce(customer_id, source_system || ':' || policy_no)
        ) as first_policy,
        min(source_system || ':' || policy_no) over (
            partition by coalesce(customer_id, source_system || ':' || policy_no), branch_code
        ) as first_policy_of_branch
    from judged
    where cause is not null
),

assignment_policy as (
    select
        source_system,
        policy_no,
        branch_code,
        customer_id,
        from_agent,
        tier,
        required_grades,
        in_force_ape,
        cause,
        dense_rank() over (
            order by tier asc nulls last, in_force_ape desc, first_policy asc, first_policy_of_branch asc, person asc
        ) as turn
    from grouped
)

select * from assignment_policy
