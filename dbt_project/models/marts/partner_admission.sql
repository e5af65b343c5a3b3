-- Admission check of partners (rules.md §5): each check with its value, threshold, and pass or fail; what was not delivered
-- or cannot be observed fails. Only a hard check bars a partner.
with rules as (
    select rule.*
    from {{ ref('partner_admission_rule') }} as rule
    where {{ valid_on('rule', as_of()) }}
),

partners as (
    select * from {{ ref('core_partner') }}
),

violations as (
    select
        partner_code,
        count(*) as major_violations
    from {{ ref('core_violation') }}
    where severity = '重大' and violated_on > {{ add_years(as_of(), -3) }} and violated_on <= {{ as_of() }}
    group by partner_code
),

observed as (
    select
        partner_code,
        {{ ratio(
            'coalesce(sum(annualised_premium) filter (where is_persisting), 0)', 'sum(annualised_premium)'
        ) }} as rate
    from {{ ref('core_persistency_observation') }}
    where
        month_k = 13
        and is_exposed
        and channel = 'BRK'
        and observation_on between {{ first_closed_day() }} and {{ last_closed_day() }}
    group by partner_code
),

business as (
    select
        partner_code,
        partner_agent_code,
        ape
    from {{ ref('core_policy') }}
    where
        channel = 'BRK'
        and is_counted
        and issued_on between {{ first_closed_day() }} and {{ last_closed_day() }}
),

sold as (
    select
        partner_code,
        partner_agent_code,
        sum(ape) as ape
    from business
    where partner_agent_code is not null
    group by partner_code, partner_agent_code
),

agents as (
    select
        agent.partner_code,
        count(*) as agents,
        count(sold.partner_agent_code) as active_agents
    from {{ ref('core_partner_agent') }} as agent
    left join sold
        on agent.partner_code = sold.partner_code and agent.partner_agent_code = sold.partner_agent_code
    where
        agent.joined_on <= {{ last_closed_day() }}
        and (agent.left_on is null or agent.left_on > {{ first_closed_day() }})
    group by agent.partner_code
),

productive as (
    select
        partner_code,
        {{ ratio('sum(ape)', 'count(*)') }} as ape_per_agent
    from sold
    group by partner_code
),

valued as (
    select
        partners.partner_code,
        rules.check_name,
        rules.meaning,
        rules.is_hard,
        rules.min_value,
        cast(case rules.check_name
            when 'no_major_violation' then coalesce(violations.major_violations, 0)
            when 'life_business_years' then {{ whole_years('partners.life_business_since', as_of()) }}
            when 'persistency' then observed.rate
            when 'active_rate' then {{ ratio('agents.active_agents', 'agents.agents') }}
            when 'productivity' then productive.ape_per_agent
            when 'management_years' then partners.management_life_years
            when 'alignment' then partners.alignment_score
        end as double) as value
    from partners
    cross join rules
    left join violations on partners.partner_code = violations.partner_code
    left join observed on partners.partner_code = observed.partner_code
    left join agents on partners.partner_code = agents.partner_code
    left join productive on partners.partner_code = productive.partner_code
),

checked as (
    select
        *,
        coalesce(case when check_name = 'no_major_violation' then value = 0 else value >= min_value end, false) as is_passed
    from valued
),

partner_admission as (
    select
        partner_code,
        {{ as_of() }} as as_of,
        check_name,
        value,
        cast(min_value as decimal(18, 4)) as min_value,
        is_passed,
        is_hard,
        bool_and(is_passed or not is_hard) over (partition by partner_code) as is_admissible,
        meaning
    from checked
)

select * from partner_admission
