{# Texts out of lists and rows that DuckDB and Spark spell differently. #}

{% macro text_of_list(list) -%}
    {%- if target.type == 'spark' -%} array_join({{ list }}, ', ')
    {%- else -%} array_to_string({{ list }}, ', ')
    {%- endif -%}
{%- endmacro %}

{# The texts of a group's rows in one text, in the order of `by`. #}
{% macro joined_texts(text, by) -%}
    {%- if target.type == 'spark' -%} array_join(transform(array_sort(collect_list(struct({{ by }}, {{ text }} as text))), row -> row.text), ', ')
    {%- else -%} string_agg({{ text }}, ', ' order by {{ by }})
    {%- endif -%}
{%- endmacro %}
