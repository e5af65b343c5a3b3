{# Core models are named core_… so that marts can bear the published names; their tables drop the prefix (core.policy). #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%} {{ custom_alias_name | trim }}
    {%- elif node.name.startswith('core_') -%} {{ node.name[5:] }}
    {%- else -%} {{ node.name }}
    {%- endif -%}
{%- endmacro %}
