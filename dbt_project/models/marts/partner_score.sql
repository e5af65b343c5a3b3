{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] %}
with business as (
    select
        partner_code,
        partner_agent_code,
        issued_on,
        ape
    from {{ ref('core_policy') }}
    where channel = 'BRK' and is_counted
),

quarters as (
    select
        'QUARTER' as period_kind,
        cast(starts_on as date) as starts_on,
        cast(starts_on + interval 3 month - interval 1 day as date) as period_end
    from generate_series(
        date_trunc('quarter', {{ as_of() }} - interval 3 year), cast({{ as_of() }} as timestamp), interval 3 month
    ) as days (starts_on)
),

years as (
    select
        'YEAR' as period_kind,
        cast(starts_on as date) as starts_on,
        cast(starts_on + interval 1 year - interval 1 day as date) as period_end
    from generate_series(
        date_trunc('year', {{ as_of() }} - interval 3 year), cast({{ as_of() }} as timestamp), interval 1 year
    ) as days (starts_on)
),

-- Closed periods that ended in the last three years, and in which the channel had business.
periods as (
    select
        candidates.period_kind,
        candidates.starts_on,
        candidates.period_end,
        sum(business.ape) as channel_ape
    from (
        select * from quarters
        union all
        select * from years
    ) as candidates
    inner join business on business.issued_on between candidates.starts_on and candidates.period_end
    where candidates.period_end <= {{ as_of() }} and candidates.period_end > {{ add_years(as_of(), -3) }}
    group by candidates.period_kind, candidates.starts_on, candidates.period_end
),

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

-- A year's platform is measured against four times the quarter's bands.
metrics as (
    select
        partner_code,
        period_kind,
        period_end,
        'platform' as metric,
        platform_value / case when period_kind = 'YEAR' then 4 else 1 end as value
    from valued
    union all
    select
        partner_code,
        period_kind,
        period_end,
        'persistency' as metric,
        persistency_value as value
    from valued
    union all
    select
        partner_code,
        period_kind,
        period_end,
        'contribution' as metric,
        contribution_value as value
    from valued
    union all
    select
        partner_code,
        period_kind,
        period_end,
        'density' as metric,
        density_value as value
    from valued
),

pointed as (
    select
        metrics.partner_code,
        metrics.period_kind,
        metrics.period_end,
        {%- for metric in metrics %}
            max(case when metrics.metric = '{{ metric }}' then band.points end) as {{ metric }}_points,
            max(case when metrics.metric = '{{ metric }}' then coefficient.coefficient end) as {{ metric }}_coefficient,
        {%- endfor %}
        round(sum(cast(band.points as decimal(9, 2)) * cast(coefficient.coefficient as decimal(9, 4))), 2) as score
    from metrics
    inner join {{ ref('partner_metric_band') }} as band
        on
            metrics.metric = band.metric
            and {{ valid_on('band', 'metrics.period_end') }}
            and case
                when metrics.value is null then band.is_null_band
                else not band.is_null_band and {{ in_band('metrics.value', 'band') }}
            end
    inner join {{ ref('partner_coefficient') }} as coefficient
        on metrics.metric = coefficient.metric and {{ valid_on('coefficient', 'metrics.period_end') }}
    group by metrics.partner_code, metrics.period_kind, metrics.period_end
),

scores as (
    select
        pointed.*,
        valued.platform_value,
        valued.persistency_value,
        valued.contribution_value,
        valued.density_value,
        valued.veto_reason
    from pointed
    inner join valued
        on
            pointed.partner_code = valued.partner_code
            and pointed.period_kind = valued.period_kind
            and pointed.period_end = valued.period_end
),

graded as (
    select
        scores.*,
        grade.grade,
        grade.verdict,
        grade.resource_class,
        grade.commission_addon,
        row_number() over (
            partition by scores.partner_code, scores.period_kind, scores.period_end order by grade.min_score desc nulls first
        ) as nth
    from scores
    inner join {{ ref('partner_grade') }} as grade
        on
            {{ valid_on('grade', 'scores.period_end') }}
            and case
                when scores.veto_reason is not null then grade.is_veto_grade
                else not grade.is_veto_grade and scores.score >= grade.min_score
            end
),

partner_score as (
    select
        partner_code,
        period_kind,
        period_end,
        {%- for metric in metrics %}
            {{ metric }}_value,
            cast({{ metric }}_points as integer) as {{ metric }}_points,
            cast({{ metric }}_coefficient as decimal(9, 4)) as {{ metric }}_coefficient,
        {%- endfor %}
        cast(score as decimal(9, 2)) as score,
        veto_reason is not null as is_vetoed,
        veto_reason,
        grade,
        verdict,
        resource_class,
        cast(commission_addon as decimal(9, 4)) as commission_addon
    from graded
    where nth = 1
)

select * from partner_score
