{# Definitions of rules.md §1 that several models need, each written once. #}

{% macro instalments_per_year(pay_mode) -%}
    case {{ pay_mode }} when 'ANNUAL' then 1 when 'SEMI' then 2 when 'QUARTERLY' then 4 when 'MONTHLY' then 12 else 1 end
{%- endmacro %}

{# In force at a day: not cancelled, begun, and either still running or ended only after that day. #}
{% macro in_force_on(policy, day) -%}
    (
        {{ policy }}.status != 'CANCELLED'
        and coalesce({{ policy }}.effective_on <= {{ day }}, false)
        and ({{ policy }}.status in ('ACTIVE', 'PAIDUP') or coalesce({{ policy }}.status_on > {{ day }}, false))
    )
{%- endmacro %}
