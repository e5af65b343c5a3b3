{# JSON, lists and aggregates that DuckDB and Spark spell differently. #}

{% macro json_text(document, field) -%}
    {%- if target.type == 'spark' -%} get_json_object({{ document }}, '$.{{ field }}')
    {%- else -%} json_extract_string({{ document }}, '$.{{ field }}')
    {%- endif -%}
{%- endmacro %}

{# Elements of a JSON list of texts, as a list. #}
{% macro json_texts(document) -%}
    {%- if target.type == 'spark' -%} from_json({{ document }}, 'array<string>')
    {%- else -%} cast(from_json({{ document }}, '["VARCHAR"]') as varchar[])
    {%- endif -%}
{%- endmacro %}

{% macro text_list(expression) -%}
    {%- if target.type == 'spark' -%} array_sort(collect_set({{ expression }}))
    {%- else -%} list(distinct {{ expression }} order by {{ expression }})
    {%- endif -%}
{%- endmacro %}

{# A rate: decimals are added up exactly and divided once; null, never 0, over a zero denominator. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{% macro any_true(condition) -%}
    coalesce(bool_or({{ condition }}), false)
{%- endmacro %}

{% macro sha256_hex(text) -%}
    {%- if target.type == 'spark' -%} sha2({{ text }}, 256)
    {%- else -%} sha256({{ text }})
    {%- endif -%}
{%- endmacro %}
