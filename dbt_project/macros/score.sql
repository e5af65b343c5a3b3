{#
    What the scores of partners, banks and outlets have in common (rules.md §5). CTEs, each ending in a comma: the caller has made
    those that they read.
#}

{# Closed periods that ended in the last three years, and in which the channel had `business` (issued_on, ape). #}
{% macro score_periods() -%}
candidates as (
    select
        kinds.period_kind,
        cast(starts.starts_on as date) as starts_on,
        {{ add_days(add_months('cast(starts.starts_on as date)', 'kinds.months'), -1) }} as period_end
    from (values ('QUARTER', 3), ('YEAR', 12)) as kinds (period_kind, months)
    cross join generate_series(
        cast(date_trunc('year', {{ add_years(as_of(), -4) }}) as timestamp), cast({{ as_of() }} as timestamp), interval 3 month
    ) as starts (starts_on)
    where kinds.period_kind = 'QUARTER' or extract(month from starts.starts_on) = 1
),

periods as (
    select
        candidates.period_kind,
        candidates.starts_on,
        candidates.period_end,
        sum(business.ape) as channel_ape
    from candidates
    inner join business on business.issued_on between candidates.starts_on and candidates.period_end
    where candidates.period_end <= {{ as_of() }} and candidates.period_end > {{ add_years(as_of(), -3) }}
    group by candidates.period_kind, candidates.starts_on, candidates.period_end
),
{%- endmacro %}

{#
    Points by band, their weighted sum and the grade, of `valued`: one row per unit (the columns of `grain`) and period, with each
    metric's value and, where a violation forbids any other grade, a veto_reason. A year's platform is measured against four
    times the quarter's bands.
#}
{% macro points_and_grade(grain) -%}
{%- set keys = grain + ['period_kind', 'period_end'] -%}
{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] -%}
measured as (
    {%- for metric in metrics %}
    select
        {{ keys | join(', ') }},
        veto_reason,
        '{{ metric }}' as metric,
        {{ metric }}_value{{ " / case when period_kind = 'YEAR' then 4 else 1 end" if metric == 'platform' }} as value
    from valued
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

pointed as (
    select
        {%- for column in keys %}
        measured.{{ column }},
        {%- endfor %}
        measured.veto_reason,
        {%- for metric in metrics %}
        cast(max(case when measured.metric = '{{ metric }}' then band.points end) as integer) as {{ metric }}_points,
        cast(
            max(case when measured.metric = '{{ metric }}' then coefficient.coefficient end) as decimal(9, 4)
        ) as {{ metric }}_coefficient,
        {%- endfor %}
        cast(
            round(sum(cast(band.points as decimal(9, 2)) * cast(coefficient.coefficient as decimal(9, 4))), 2) as decimal(9, 2)
        ) as score
    from measured
    inner join {{ ref('partner_metric_band') }} as band
        on
            measured.metric = band.metric
            and {{ valid_on('band', 'measured.period_end') }}
            and case
                when measured.value is null then band.is_null_band
                else not band.is_null_band and {{ in_band('measured.value', 'band') }}
            end
    inner join {{ ref('partner_coefficient') }} as coefficient
        on measured.metric = coefficient.metric and {{ valid_on('coefficient', 'measured.period_end') }}
    group by all
),

ranked as (
    select
        pointed.*,
        grade.grade,
        grade.verdict,
        grade.resource_class,
        cast(grade.commission_addon as decimal(9, 4)) as commission_addon,
        row_number() over (
            partition by {% for column in keys %}pointed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by grade.min_score desc nulls first
        ) as nth
    from pointed
    inner join {{ ref('partner_grade') }} as grade
        on
            {{ valid_on('grade', 'pointed.period_end') }}
            and case
                when pointed.veto_reason is not null then grade.is_veto_grade
                else not grade.is_veto_grade and pointed.score >= grade.min_score
            end
),

graded as (
    select
        {%- for column in keys %}
        ranked.{{ column }},
        {%- endfor %}
        {%- for metric in metrics %}
        valued.{{ metric }}_value,
        ranked.{{ metric }}_points,
        ranked.{{ metric }}_coefficient,
        {%- endfor %}
        ranked.score,
        ranked.grade,
        ranked.verdict,
        ranked.resource_class,
        ranked.commission_addon,
        valued.veto_reason
    from ranked
    inner join valued
        on
            {%- for column in keys %}
            {{ 'and ' if not loop.first }}ranked.{{ column }} = valued.{{ column }}
            {%- endfor %}
    where ranked.nth = 1
),
{%- endmacro %}

{# The columns of a score that every unit has, in their published order. #}
{% macro score_columns(grain) -%}
{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] -%}
{%- for column in grain %}
    {{ column }},
{%- endfor %}
    period_kind,
    period_end,
{%- for metric in metrics %}
    {{ metric }}_value,
    {{ metric }}_points,
    {{ metric }}_coefficient,
{%- endfor %}
    score,
{%- endmacro %}
