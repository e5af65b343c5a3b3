{# Schemas bear their plain names (staging, core, mart …): readers and the publisher know them by those. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
