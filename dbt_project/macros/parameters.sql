{# True where a row of an effective-dated reference table holds on a day: valid_to is the first day on which it does not. #}
{% macro valid_on(table_alias, day) -%}
    {{ table_alias }}.valid_from <= {{ day }} and ({{ table_alias }}.valid_to is null or {{ day }} < {{ table_alias }}.valid_to)
{%- endmacro %}

{# True where a value lies in a band: lower end included, upper end not; an empty end is open. #}
{% macro in_band(value, band_alias) -%}
    ({{ band_alias }}.lower_bound is null or {{ value }} >= {{ band_alias }}.lower_bound)
    and ({{ band_alias }}.upper_bound is null or {{ value }} < {{ band_alias }}.upper_bound)
{%- endmacro %}
