-- Grades of rules.md §6 on the last twelve closed months. Business and persistency are those of the agent at issue, so that
-- a transfer of policies moves nobody's grade.
with agents as (
    select
        agent_code,
        is_employed
    from {{ ref('core_agent') }}
    where joined_on <= {{ as_of() }}
),

business as (
    select
        agent_code,
        sum(ape) as ape,
        count(distinct {{ month_of('issued_on') }}) as active_months
    from {{ ref('core_policy') }}
    where
        channel = 'IND'
        and is_counted
        and issued_on between {{ first_closed_day() }} and {{ last_closed_day() }}
    group by agent_code
),

observed as (
    select
        agent_code,
        sum(annualised_premium) as exposed_premium,
        coalesce(sum(annualised_premium) filter (where is_persisting), 0) as persisting_premium
    from {{ ref('core_persistency_observation') }}
    where
        month_k = 13
        and is_exposed
        and channel = 'IND'
        and observation_on between {{ first_closed_day() }} and {{ last_closed_day() }}
    group by agent_code
),

complained as (
    select distinct agent_code
    from {{ ref('core_complaint') }}
    where severity = 'MAJOR' and occurred_on between {{ first_closed_day() }} and {{ last_closed_day() }}
),

measured as (
    select
        agents.agent_code,
        agents.is_employed,
        cast(coalesce(business.ape, 0) as decimal(18, 3)) as ape,
        cast(coalesce(business.active_months, 0) as integer) as active_months,
        cast(observed.exposed_premium as decimal(24, 2)) as exposed_premium,
        cast(observed.persisting_premium as decimal(24, 2)) as persisting_premium,
        complained.agent_code is not null as has_major_complaint
    from agents
    left join business on agents.agent_code = business.agent_code
    left join observed on agents.agent_code = observed.agent_code
    left join complained on agents.agent_code = complained.agent_code
),

-- Every grade whose figures are reached; the first of them is the agent's. Without a policy to observe persistency passes.
reached as (
    select
        measured.*,
        rules.grade,
        row_number() over (partition by measured.agent_code order by rules.rule_order) as nth
    from measured
    inner join {{ ref('agent_grade_rule') }} as rules
        on
            {{ valid_on('rules', as_of()) }}
            and measured.ape >= coalesce(rules.min_ape, 0)
            and measured.active_months >= coalesce(rules.min_active_months, 0)
            and coalesce(measured.persisting_premium >= rules.min_persistency * measured.exposed_premium, true)
            and not (rules.is_barred_by_major_complaint and measured.has_major_complaint)
),

agent_grade as (
    select
        agent_code,
        {{ as_of() }} as as_of,
        is_employed,
        ape,
        active_months,
        {{ ratio('persisting_premium', 'exposed_premium') }} as persistency,
        has_major_complaint,
        grade,
        exposed_premium,
        persisting_premium
    from reached
    where nth = 1
)

select * from agent_grade
