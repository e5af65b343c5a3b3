-- What it would take to reach the next grade, for the newest closed quarter and year of each partner: of all ways to raise
-- metrics to better bands the one with the least increase, each metric's in shares of its value now, added up. What stands at
-- nothing or is not known has no share: a band counts ten there, so that another way goes first.
{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] %}
with scored as (
    select
        *,
        max(period_end) over (partition by period_kind) as newest_end
    from {{ ref('partner_score_metric') }}
),

current_metrics as (
    select * from scored
    where period_end = newest_end
),

-- A metric may stay as it is (no step) or reach one of the better bands.
options as (
    select
        partner_code,
        period_kind,
        metric,
        cast(0 as double) as effort,
        score_part as reached_part,
        cast(null as double) as reached_value
    from current_metrics
    union all
    select
        current_metrics.partner_code,
        current_metrics.period_kind,
        current_metrics.metric,
        case
            when current_metrics.value > 0
                then {{ ratio('band.lower_bound * scale.factor', 'current_metrics.value') }} - 1
            else
                10.0 * row_number() over (
                    partition by current_metrics.partner_code, current_metrics.period_kind, current_metrics.metric
                    order by band.points
                )
        end as effort,
        band.points * current_metrics.coefficient as reached_part,
        cast(band.lower_bound * scale.factor as double) as reached_value
    from current_metrics
    cross join (values (1), (4)) as scale (factor)
    inner join {{ ref('partner_metric_band') }} as band
        on
            current_metrics.metric = band.metric
            and {{ valid_on('band', 'current_metrics.period_end') }}
            and not band.is_null_band
            and current_metrics.points < band.points
    where
        scale.factor = case when current_metrics.metric = 'platform' and current_metrics.period_kind = 'YEAR' then 4 else 1 end
),

ways as (
    select
        platform.partner_code,
        platform.period_kind,
        {{ each(metrics, '%.reached_value as %_to') }},
        platform.effort + persistency.effort + contribution.effort + density.effort as effort,
        round(
            platform.reached_part + persistency.reached_part + contribution.reached_part + density.reached_part, 2
        ) as reached_score
    from options as platform
    inner join options as persistency
        on
            platform.partner_code = persistency.partner_code
            and platform.period_kind = persistency.period_kind
            and persistency.metric = 'persistency'
    inner join options as contribution
        on
            platform.partner_code = contribution.partner_code
            and platform.period_kind = contribution.period_kind
            and contribution.metric = 'contribution'
    inner join options as density
        on
            platform.partner_code = density.partner_code
            and platform.period_kind = density.period_kind
            and density.metric = 'density'
    where platform.metric = 'platform'
),

targets as (
    select
        partner_code,
        period_kind,
        period_end,
        score,
        grade,
        next_grade,
        score_missing,
        {{ each(metrics, "max(value) filter (where metric = '%') as %_value") }}
    from current_metrics
    group by all
),

ranked as (
    select
        targets.*,
        ways.reached_score,
        ways.platform_to,
        ways.persistency_to,
        ways.contribution_to,
        ways.density_to,
        ways.effort,
        row_number() over (
            partition by targets.partner_code, targets.period_kind
            order by
                ways.effort asc,
                ways.reached_score desc,
                ways.platform_to asc nulls first,
                ways.persistency_to asc nulls first,
                ways.contribution_to asc nulls first
        ) as nth
    from targets
    inner join ways
        on
            targets.partner_code = ways.partner_code
            and targets.period_kind = ways.period_kind
            and ways.reached_score >= targets.score + targets.score_missing
),

partner_next_grade as (
    select
        partner_code,
        period_kind,
        period_end,
        grade,
        score,
        next_grade,
        score_missing,
        effort,
        cast(reached_score as decimal(9, 2)) as reached_score,
        {{ each(metrics, '%_value') }},
        {{ each(metrics, '%_to') }},
        concat_ws(
            '; ',
            {{ each(metrics, "'% from ' || coalesce(cast(%_value as varchar), 'unknown') || ' to ' || cast(%_to as varchar)") }}
        ) as what_it_takes
    from ranked
    where nth = 1
)

select * from partner_next_grade
