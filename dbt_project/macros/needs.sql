{# The need that a product line covers: critical illness and medical cover one need (rules.md §3). #}
{% macro need_of(line) -%}
    case when {{ line }} in ('CI', 'MEDICAL') then 'CI_MEDICAL' else {{ line }} end
{%- endmacro %}

{# The four needs, in the order in which texts name them. #}
{% macro needs() -%}
    (values ('LIFE', 1), ('CI_MEDICAL', 2), ('ANNUITY', 3), ('ACCIDENT', 4)) as needs (need, need_order)
{%- endmacro %}

{# A number among the parameters of one table, at as_of. #}
{% macro parameter(table, name, type='integer') -%}
    (
        select cast(parameter.value as {{ type }})
        from {{ ref(table) }} as parameter
        where parameter.parameter = '{{ name }}' and {{ valid_on('parameter', as_of()) }}
    )
{%- endmacro %}
