-- The glass box of a partner's score, metric by metric: value, band, points, coefficient, what the metric adds to the score,
-- what its next band asks for, and, where the metric alone can do it, the value that reaches the next grade.
{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] %}
with metrics as (
    {%- for metric in metrics %}
        select
            partner_code,
            period_kind,
            period_end,
            score,
            is_vetoed,
            grade,
            '{{ metric }}' as metric,
            cast({{ metric }}_value as double) as value,
            {{ metric }}_points as points,
            {{ metric }}_coefficient as coefficient
        from {{ ref('partner_score') }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

periods as (
    select distinct
        period_kind,
        period_end
    from {{ ref('partner_score') }}
),

-- Bands as they hold for a period: a year's platform is measured against four times the quarter's.
bands as (
    select
        periods.period_kind,
        periods.period_end,
        band.metric,
        band.is_null_band,
        band.points,
        band.lower_bound * scale.factor as lower_bound,
        band.upper_bound * scale.factor as upper_bound
    from periods
    inner join {{ ref('partner_metric_band') }} as band on {{ valid_on('band', 'periods.period_end') }}
    cross join (values (1), (4)) as scale (factor)
    where scale.factor = case when band.metric = 'platform' and periods.period_kind = 'YEAR' then 4 else 1 end
),

-- The least grade above the one that the score gives; a vetoed partner has none until the veto ends.
next_grades as (
    select
        metrics.partner_code,
        metrics.period_kind,
        metrics.period_end,
        min(grade.min_score) as min_score,
        {{ newest_of('grade.grade', 'true', '-grade.min_score') }} as grade
    from metrics
    inner join {{ ref('partner_grade') }} as grade
        on
            {{ valid_on('grade', 'metrics.period_end') }}
            and not grade.is_veto_grade
            and grade.min_score > metrics.score
    where metrics.metric = 'platform' and not metrics.is_vetoed
    group by metrics.partner_code, metrics.period_kind, metrics.period_end
),

current_bands as (
    select
        metrics.*,
        sum(metrics.points * metrics.coefficient) over (
            partition by metrics.partner_code, metrics.period_kind, metrics.period_end
        ) as unrounded_score,
        bands.lower_bound as band_from,
        bands.upper_bound as band_to,
        next_grades.grade as next_grade,
        next_grades.min_score as next_grade_score
    from metrics
    inner join bands
        on
            metrics.period_kind = bands.period_kind
            and metrics.period_end = bands.period_end
            and metrics.metric = bands.metric
            and case
                when metrics.value is null then bands.is_null_band
                else not bands.is_null_band and {{ in_band('metrics.value', 'bands') }}
            end
    left join next_grades
        on
            metrics.partner_code = next_grades.partner_code
            and metrics.period_kind = next_grades.period_kind
            and metrics.period_end = next_grades.period_end
),

better as (
    select
        current_bands.partner_code,
        current_bands.period_kind,
        current_bands.period_end,
        current_bands.metric,
        min(bands.points) as next_points,
        {{ newest_of('bands.lower_bound', 'true', '-bands.points') }} as next_band_from,
        min(bands.lower_bound) filter (
            where round(
                current_bands.unrounded_score + (bands.points - current_bands.points) * current_bands.coefficient, 2
            ) >= current_bands.next_grade_score
        ) as value_for_next_grade
    from current_bands
    inner join bands
        on
            current_bands.period_kind = bands.period_kind
            and current_bands.period_end = bands.period_end
            and current_bands.metric = bands.metric
            and not bands.is_null_band
            and current_bands.points < bands.points
    group by current_bands.partner_code, current_bands.period_kind, current_bands.period_end, current_bands.metric
),

partner_score_metric as (
    select
        current_bands.partner_code,
        current_bands.period_kind,
        current_bands.period_end,
        current_bands.metric,
        current_bands.value,
        cast(current_bands.band_from as double) as band_from,
        cast(current_bands.band_to as double) as band_to,
        current_bands.points,
        current_bands.coefficient,
        cast(current_bands.points * current_bands.coefficient as decimal(9, 4)) as score_part,
        current_bands.score,
        current_bands.grade,
        current_bands.next_grade,
        cast(current_bands.next_grade_score - current_bands.score as decimal(9, 2)) as score_missing,
        cast(better.next_band_from as double) as next_band_from,
        cast(better.next_points as integer) as next_points,
        cast((better.next_points - current_bands.points) * current_bands.coefficient as decimal(9, 4)) as score_gain,
        cast(better.value_for_next_grade as double) as value_for_next_grade
    from current_bands
    left join better
        on
            current_bands.partner_code = better.partner_code
            and current_bands.period_kind = better.period_kind
            and current_bands.period_end = better.period_end
            and current_bands.metric = better.metric
)

select * from partner_score_metric
