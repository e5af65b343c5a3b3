-- Violations of partners, with how long each vetoes a grade (rules.md §5: three years from its day).
with partner_violation as (
    select
        partner_code,
        violated_on,
        violation_type,
        severity,
        authority,
        penalty_amount,
        case when severity = '重大' then {{ add_days(add_years('violated_on', 3), -1) }} end as vetoes_until,
        coalesce(
            severity = '重大' and violated_on <= {{ as_of() }} and violated_on > {{ add_years(as_of(), -3) }}, false
        ) as is_vetoing
    from {{ ref('core_violation') }}
)

select * from partner_violation
