{# A dimension of a figure's cell out of its grain; null where the figure has none or is over all of it. #}
{% macro cell_column(column) -%}
    nullif({{ json_text('grain', column) }}, 'ALL') as {{ column }}
{%- endmacro %}
