-- Honour lists of the partners' own agents, by the figures of G Life's agents' grades over the last twelve closed months, with
-- what changed since the list of the last day of the month before. Complaints name a partner and not its agents: they bar nobody.
with lists as (
    select
        true as is_now,
        {{ as_of() }} as graded_on,
        {{ first_closed_day() }} as from_day,
        {{ last_closed_day() }} as to_day
    union all
    select
        false as is_now,
        {{ previous_month_end() }} as graded_on,
        {{ month_of(add_months(previous_month_end(), -11)) }} as from_day,
        {{ previous_month_end() }} as to_day
),

agents as (
    select
        agent.partner_code,
        agent.partner_agent_code,
        agent.joined_on,
        agent.left_on,
        lists.*
    from {{ ref('core_partner_agent') }} as agent
    inner join lists on agent.joined_on <= lists.graded_on
),

business as (
    select
        policy.partner_code,
        policy.partner_agent_code,
        lists.is_now,
        sum(policy.ape) as ape,
        count(distinct {{ month_of('policy.issued_on') }}) as active_months
    from {{ ref('core_policy') }} as policy
    inner join lists on policy.issued_on between lists.from_day and lists.to_day
    where policy.channel = 'BRK' and policy.is_counted and policy.partner_agent_code is not null
    group by policy.partner_code, policy.partner_agent_code, lists.is_now
),

observed as (
    select
        policy.partner_code,
        policy.partner_agent_code,
        lists.is_now,
        sum(observation.annualised_premium) as exposed_premium,
        coalesce(sum(observation.annualised_premium) filter (where observation.is_persisting), 0) as persisting_premium
    from {{ ref('core_persistency_observation') }} as observation
    inner join {{ ref('core_policy') }} as policy
        on observation.source_system = policy.source_system and observation.policy_no = policy.policy_no
    inner join lists on observation.observation_on between lists.from_day and lists.to_day
    where
        observation.month_k = 13
        and observation.is_exposed
        and policy.channel = 'BRK'
        and policy.partner_agent_code is not null
    group by policy.partner_code, policy.partner_agent_code, lists.is_now
),

measured as (
    select
        agents.*,
        coalesce(business.ape, 0) as ape,
        coalesce(business.active_months, 0) as active_months,
        observed.exposed_premium,
        observed.persisting_premium
    from agents
    left join business
        on
            agents.partner_code = business.partner_code
            and agents.partner_agent_code = business.partner_agent_code
            and agents.is_now = business.is_now
    left join observed
        on
            agents.partner_code = observed.partner_code
            and agents.partner_agent_code = observed.partner_agent_code
            and agents.is_now = observed.is_now
),

graded as (
    select
        measured.*,
        rules.grade,
        rules.is_honour,
        row_number() over (
            partition by measured.partner_code, measured.partner_agent_code, measured.is_now order by rules.rule_order
        ) as nth
    from measured
    inner join {{ ref('agent_grade_rule') }} as rules
        on
            {{ valid_on('rules', 'measured.graded_on') }}
            and measured.ape >= coalesce(rules.min_ape, 0)
            and measured.active_months >= coalesce(rules.min_active_months, 0)
            and coalesce(measured.persisting_premium >= rules.min_persistency * measured.exposed_premium, true)
),

compared as (
    select
        now_on.*,
        earlier.grade as previous_grade
    from graded as now_on
    left join graded as earlier
        on
            now_on.partner_code = earlier.partner_code
            and now_on.partner_agent_code = earlier.partner_agent_code
            and not earlier.is_now
            and earlier.nth = 1
            and earlier.is_honour
    where now_on.is_now and now_on.nth = 1 and (now_on.is_honour or earlier.grade is not null)
),

partner_agent_honour as (
    select
        partner_code,
        partner_agent_code,
        {{ as_of() }} as as_of,
        grade,
        case when not is_honour then 'LEFT' when previous_grade is not null then 'KEPT' else 'NEW' end as change,
        previous_grade,
        cast(row_number() over (partition by partner_code order by ape desc, partner_agent_code asc) as integer) as rank,
        cast(ape as decimal(28, 3)) as ape,
        cast(active_months as integer) as active_months,
        {{ ratio('persisting_premium', 'exposed_premium') }} as persistency,
        coalesce(left_on > {{ as_of() }}, true) as is_with_partner
    from compared
)

select * from partner_agent_honour
