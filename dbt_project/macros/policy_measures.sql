{# Definitions of rules.md §1 that several models need, each written once. #}

{# A single premium counts once; where the mode is not delivered what a year costs is unknown. #}
{% macro instalments_per_year(pay_mode) -%}
    case {{ pay_mode }} when 'SINGLE' then 1 when 'ANNUAL' then 1 when 'SEMI' then 2 when 'QUARTERLY' then 4 when 'MONTHLY' then 12 end
{%- endmacro %}

{# In force at a day: not cancelled, begun, and either still running or ended only after that day. #}
{% macro in_force_on(policy, day) -%}
    (
        coalesce({{ policy }}.status != 'CANCELLED', true)
        and coalesce({{ policy }}.effective_on <= {{ day }}, false)
        and (coalesce({{ policy }}.status in ('ACTIVE', 'PAIDUP'), false) or coalesce({{ policy }}.status_on > {{ day }}, false))
    )
{%- endmacro %}
