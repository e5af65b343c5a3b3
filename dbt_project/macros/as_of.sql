{# The business date that the build describes, as a SQL expression. Unit tests set the variable; a build says it itself. #}
{% macro as_of() -%}
    {%- if var('as_of', '') -%} cast('{{ var("as_of") }}' as date)
    {%- else -%} (select build_info.as_of from {{ source('lake', 'build_info') }} as build_info)
    {%- endif -%}
{%- endmacro %}
