-- Points of each part, from the bands that hold at as_of.
with inputs as (
    select
        *,
        case when in_force_policies > 0 then in_force_ape end as c_ape_value,
        {{ whole_years('first_effective_on', as_of()) }} as c_years_value,
        4 - cast(has_life as integer) - cast(has_health as integer)
        - cast(has_annuity as integer) - cast(has_accident as integer) as open_needs,
        {{ days_between('last_engaged_on', as_of()) }} as days_since_engaged
    from {{ ref('core_tier_input') }}
),

bands as (
    select * from {{ ref('tier_band') }} as tier_band
    where {{ valid_on('tier_band', as_of()) }}
),

caps as (
    select cast(tier_parameter.value as integer) as potential_cap
    from {{ ref('tier_parameter') }} as tier_parameter
    where tier_parameter.parameter = 'potential_cap' and {{ valid_on('tier_parameter', as_of()) }}
),

parts as (
    select
        inputs.*,
        coalesce(c_ape.points, 0) as c_ape_points,
        coalesce(c_paid.points, 0) as c_paid_points,
        coalesce(c_policies.points, 0) as c_policies_points,
        coalesce(c_years.points, 0) as c_years_points,
        coalesce(p_income.points, 0) as p_income_points,
        coalesce(p_needs.points, 0) as p_needs_points,
        coalesce(p_engaged.points, 0) as p_engaged_points
    from inputs
    left join bands as c_ape on c_ape.part = 'c_ape' and {{ in_band('inputs.c_ape_value', 'c_ape') }}
    left join bands as c_paid on c_paid.part = 'c_paid' and {{ in_band('inputs.premiums_paid', 'c_paid') }}
    left join bands as c_policies on c_policies.part = 'c_policies' and {{ in_band('inputs.in_force_policies', 'c_policies') }}
    left join bands as c_years on c_years.part = 'c_years' and {{ in_band('inputs.c_years_value', 'c_years') }}
    left join bands as p_income on p_income.part = 'p_income' and {{ in_band('inputs.annual_income', 'p_income') }}
    left join bands as p_needs on p_needs.part = 'p_needs' and {{ in_band('inputs.open_needs', 'p_needs') }}
    left join bands as p_engaged on p_engaged.part = 'p_engaged' and {{ in_band('inputs.days_since_engaged', 'p_engaged') }}
),

tier_score as (
    select
        parts.customer_id,
        parts.scope,
        parts.own_group,
        cast(
            parts.c_ape_points + parts.c_paid_points + parts.c_policies_points + parts.c_years_points as integer
        ) as contribution,
        cast(
            least(parts.p_income_points + parts.p_needs_points + parts.p_engaged_points, caps.potential_cap) as integer
        ) as potential,
        parts.in_force_policies > 0 as is_in_force_holder,
        parts.is_contactable,
        parts.days_since_engaged,
        parts.has_instalment_due,
        parts.is_reinstatable,
        parts.in_force_ape,
        {{ json_of({
            'c_ape': json_of_part('parts.in_force_ape', 'parts.c_ape_points'),
            'c_paid': json_of_part('parts.premiums_paid', 'parts.c_paid_points'),
            'c_policies': json_of_part('parts.in_force_policies', 'parts.c_policies_points'),
            'c_years': json_of_part('parts.c_years_value', 'parts.c_years_points'),
            'p_income': json_of_part('parts.annual_income', 'parts.p_income_points'),
            'p_needs': json_of_part(open_needs('parts'), 'parts.p_needs_points'),
            'p_engaged': json_of_part('parts.last_engaged_on', 'parts.p_engaged_points')
        }) }} as parts
    from parts
    cross join caps
)

select * from tier_score
