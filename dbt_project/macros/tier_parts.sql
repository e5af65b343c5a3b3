{# One part of a tier as JSON: the value behind it and the points it gave. #}
{% macro json_of_part(value, points) -%}
    {%- if target.type == 'spark' -%} named_struct('value', {{ value }}, 'points', {{ points }})
    {%- else -%} json_object('value', {{ value }}, 'points', {{ points }})
    {%- endif -%}
{%- endmacro %}

{# The needs that a customer has no cover in force for, as a text: LIFE, CI_MEDICAL, ANNUITY, ACCIDENT. #}
{% macro open_needs(input) -%}
    concat_ws(
            '|',
            case when not {{ input }}.has_life then 'LIFE' end,
            case when not {{ input }}.has_health then 'CI_MEDICAL' end,
            case when not {{ input }}.has_annuity then 'ANNUITY' end,
            case when not {{ input }}.has_accident then 'ACCIDENT' end
        )
{%- endmacro %}
