{#
    Scores of the bank channel by `grain` (the code columns of a bank or an outlet): the partners' metrics, bands and weights,
    without veto (rules.md §5). Density asks how many of the outlets that are open brought business.
#}
{% macro bank_score(grain) -%}
{%- set metrics = ['platform', 'persistency', 'contribution', 'density'] -%}
{%- set same_period = 'scored.period_kind = other.period_kind and scored.period_end = other.period_end' -%}
with business as (
    select
        bank_code,
        outlet_code,
        issued_on,
        ape
    from {{ ref('core_policy') }}
    where channel = 'BANCA' and is_counted
),

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

-- Closed periods that ended in the last three years, and in which the channel had business.
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

scored as (
    select
        periods.*,
        {%- for column in grain %}
        units.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from periods
    cross join (
        select distinct {{ grain | join(', ') }} from {{ ref('core_bank' if grain | length == 1 else 'core_outlet') }}
    ) as units
),

new_business as (
    select
        {%- for column in grain %}
        scored.{{ column }},
        {%- endfor %}
        scored.period_kind,
        scored.period_end,
        sum(business.ape) as ape
    from scored
    inner join business
        on
            business.issued_on between scored.starts_on and scored.period_end
            {%- for column in grain %}
            and scored.{{ column }} = business.{{ column }}
            {%- endfor %}
    group by all
),

paid as (
    select
        {%- for column in grain %}
        scored.{{ column }},
        {%- endfor %}
        scored.period_kind,
        scored.period_end,
        {{ ratio(
            'coalesce(sum(observation.annualised_premium) filter (where observation.is_persisting), 0)',
            'sum(observation.annualised_premium)'
        ) }} as rate
    from scored
    inner join {{ ref('core_persistency_observation') }} as observation
        on
            observation.observation_on between scored.starts_on and scored.period_end
            {%- for column in grain %}
            and scored.{{ column }} = observation.{{ column }}
            {%- endfor %}
    where observation.month_k = 13 and observation.is_exposed and observation.channel = 'BANCA'
    group by all
),

-- Open outlets, and those of them that brought business in the period.
outlets as (
    select
        {%- for column in grain %}
        scored.{{ column }},
        {%- endfor %}
        scored.period_kind,
        scored.period_end,
        count(distinct outlet.outlet_code) as open_outlets,
        count(distinct business.outlet_code) as active_outlets
    from scored
    inner join {{ ref('core_outlet') }} as outlet
        on
            outlet.state = '营业'
            {%- for column in grain %}
            and scored.{{ column }} = outlet.{{ column }}
            {%- endfor %}
    left join business
        on
            outlet.bank_code = business.bank_code
            and outlet.outlet_code = business.outlet_code
            and business.issued_on between scored.starts_on and scored.period_end
    group by all
),

valued as (
    select
        {%- for column in grain %}
        scored.{{ column }},
        {%- endfor %}
        scored.period_kind,
        scored.period_end,
        cast(coalesce(new_business.ape, 0) as decimal(18, 3)) as platform_value,
        cast(paid.rate as double) as persistency_value,
        {{ ratio('coalesce(new_business.ape, 0)', 'scored.channel_ape') }} as contribution_value,
        {{ ratio('outlets.active_outlets', 'outlets.open_outlets') }} as density_value
    from scored
    {%- for table in ['new_business', 'paid', 'outlets'] %}
    left join {{ table }}
        on
            {{ same_period | replace('other', table) }}
            {%- for column in grain %}
            and scored.{{ column }} = {{ table }}.{{ column }}
            {%- endfor %}
    {%- endfor %}
),

-- A year's platform is measured against four times the quarter's bands.
measured as (
    {%- for metric in metrics %}
    select
        {{ grain | join(', ') }},
        period_kind,
        period_end,
        '{{ metric }}' as metric,
        {{ metric }}_value{{ " / case when period_kind = 'YEAR' then 4 else 1 end" if metric == 'platform' }} as value
    from valued
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

pointed as (
    select
        {%- for column in grain %}
        measured.{{ column }},
        {%- endfor %}
        measured.period_kind,
        measured.period_end,
        {%- for metric in metrics %}
        cast(max(case when measured.metric = '{{ metric }}' then band.points end) as integer) as {{ metric }}_points,
        cast(
            max(case when measured.metric = '{{ metric }}' then coefficient.coefficient end) as decimal(9, 4)
        ) as {{ metric }}_coefficient,
        {%- endfor %}
        round(sum(cast(band.points as decimal(9, 2)) * cast(coefficient.coefficient as decimal(9, 4))), 2) as score
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

graded as (
    select
        pointed.*,
        grade.grade,
        grade.verdict,
        grade.resource_class,
        grade.commission_addon,
        row_number() over (
            partition by {% for column in grain %}pointed.{{ column }}, {% endfor %}pointed.period_kind, pointed.period_end
            order by grade.min_score desc
        ) as nth
    from pointed
    inner join {{ ref('partner_grade') }} as grade
        on
            {{ valid_on('grade', 'pointed.period_end') }}
            and not grade.is_veto_grade
            and pointed.score >= grade.min_score
)

select
    {%- for column in grain %}
    graded.{{ column }},
    {%- endfor %}
    graded.period_kind,
    graded.period_end,
    {%- for metric in metrics %}
    valued.{{ metric }}_value,
    graded.{{ metric }}_points,
    graded.{{ metric }}_coefficient,
    {%- endfor %}
    cast(graded.score as decimal(9, 2)) as score,
    graded.grade,
    graded.verdict,
    graded.resource_class,
    cast(graded.commission_addon as decimal(9, 4)) as commission_addon
from graded
inner join valued
    on
        graded.period_kind = valued.period_kind
        and graded.period_end = valued.period_end
        {%- for column in grain %}
        and graded.{{ column }} = valued.{{ column }}
        {%- endfor %}
where graded.nth = 1
{%- endmacro %}
