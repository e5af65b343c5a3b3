with business as (
    select
        partner_code,
        partner_agent_code,
        issued_on,
        ape
    from {{ ref('core_policy') }}
    where channel = 'BRK' and is_counted
),

{{ score_periods() }}

scored as (
    select
        periods.*,
        partner.partner_code
    from periods
    inner join {{ ref('core_partner') }} as partner
        on periods.period_end >= partner.admitted_on and partner.state is distinct from '退出'
),

new_business as (
    select
        scored.partner_code,
        scored.period_kind,
        scored.period_end,
        sum(business.ape) as ape
    from scored
    inner join business
        on
            scored.partner_code = business.partner_code
            and business.issued_on between scored.starts_on and scored.period_end
    group by scored.partner_code, scored.period_kind, scored.period_end
),

paid as (
    select
        scored.partner_code,
        scored.period_kind,
        scored.period_end,
        {{ ratio(
            'coalesce(sum(observation.annualised_premium) filter (where observation.is_persisting), 0)',
            'sum(observation.annualised_premium)'
        ) }} as rate
    from scored
    inner join {{ ref('core_persistency_observation') }} as observation
        on
            scored.partner_code = observation.partner_code
            and observation.observation_on between scored.starts_on and scored.period_end
    where observation.month_k = 13 and observation.is_exposed and observation.channel = 'BRK'
    group by scored.partner_code, scored.period_kind, scored.period_end
),

-- Agents who were with the partner in the period, and those of them who brought business in it.
agents as (
    select
        scored.partner_code,
        scored.period_kind,
        scored.period_end,
        count(distinct agent.partner_agent_code) as agents,
        count(distinct business.partner_agent_code) as active_agents
    from scored
    inner join {{ ref('core_partner_agent') }} as agent
        on
            scored.partner_code = agent.partner_code
            and scored.period_end >= agent.joined_on
            and (agent.left_on is null or scored.starts_on < agent.left_on)
    left join business
        on
            agent.partner_code = business.partner_code
            and agent.partner_agent_code = business.partner_agent_code
            and business.issued_on between scored.starts_on and scored.period_end
    group by scored.partner_code, scored.period_kind, scored.period_end
),

vetoes as (
    select
        scored.partner_code,
        scored.period_kind,
        scored.period_end,
        max_by(
            strftime(violation.violated_on, '%Y-%m-%d') || ' ' || coalesce(violation.violation_type, '重大违规'),
            violation.violated_on
        ) as veto_reason
    from scored
    inner join {{ ref('core_violation') }} as violation
        on
            scored.partner_code = violation.partner_code
            and violation.severity = '重大'
            and scored.period_end >= violation.violated_on
            and violation.violated_on > {{ add_years('scored.period_end', -3) }}
    group by scored.partner_code, scored.period_kind, scored.period_end
),

valued as (
    select
        scored.partner_code,
        scored.period_kind,
        scored.period_end,
        cast(coalesce(new_business.ape, 0) as decimal(18, 3)) as platform_value,
        cast(paid.rate as double) as persistency_value,
        {{ ratio('coalesce(new_business.ape, 0)', 'scored.channel_ape') }} as contribution_value,
        {{ ratio('agents.active_agents', 'agents.agents') }} as density_value,
        vetoes.veto_reason
    from scored
    left join new_business
        on
            scored.partner_code = new_business.partner_code
            and scored.period_kind = new_business.period_kind
            and scored.period_end = new_business.period_end
    left join paid
        on
            scored.partner_code = paid.partner_code
            and scored.period_kind = paid.period_kind
            and scored.period_end = paid.period_end
    left join agents
        on
            scored.partner_code = agents.partner_code
            and scored.period_kind = agents.period_kind
            and scored.period_end = agents.period_end
    left join vetoes
        on
            scored.partner_code = vetoes.partner_code
            and scored.period_kind = vetoes.period_kind
            and scored.period_end = vetoes.period_end
),

{{ points_and_grade(['partner_code']) }}

partner_score as (
    select
        {{ score_columns(['partner_code']) }}
        veto_reason is not null as is_vetoed,
        veto_reason,
        grade,
        verdict,
        resource_class,
        commission_addon
    from graded
)

select * from partner_score
