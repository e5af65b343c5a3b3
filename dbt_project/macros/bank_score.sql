{#
    Scores of the bank channel by `grain` (the code columns of a bank or an outlet): the partners' metrics, bands and weights,
    without veto (rules.md §5). Density asks how many of the outlets that are open brought business.
#}
{% macro bank_score(grain) -%}
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

{{ score_periods() }}

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
        {{ ratio('outlets.active_outlets', 'outlets.open_outlets') }} as density_value,
        cast(null as varchar) as veto_reason
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

{{ points_and_grade(grain) }}

bank_score as (
    select
        {{ score_columns(grain) }}
        grade,
        verdict,
        resource_class,
        commission_addon
    from graded
)

select * from bank_score
{%- endmacro %}
