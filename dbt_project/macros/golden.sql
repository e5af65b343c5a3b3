{#
    The golden value of one attribute: that of the record which comes last in precedence among those that have a value.
    Each attribute is chosen separately, so a value says itself where it is from (…_from) and how many it was chosen of.
#}
{% macro golden(attribute, value=none, candidates=none) -%}
    {%- set value = value or attribute -%}
    {%- set condition = value ~ ' is not null' ~ (' and ' ~ candidates if candidates else '') -%}
    {{ newest_of(value, condition) }} as {{ attribute }},
        {{ newest_of('record_key', condition) }} as {{ attribute }}_from,
        count(distinct case when {{ condition }} then {{ value }} end) as {{ attribute }}_candidates
{%- endmacro %}
