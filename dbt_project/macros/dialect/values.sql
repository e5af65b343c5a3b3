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

{#
    A rate: decimals are added up exactly and divided once; null, never 0, over a zero denominator. Both sides are taken in
    thousandths, whole numbers that a double holds exactly, so that 950.19 of 1000.20 is 0.95 and reaches that band.
#}
{% macro ratio(numerator, denominator) -%}
    cast(({{ numerator }}) * 1000 as double) / nullif(cast(({{ denominator }}) * 1000 as double), 0)
{%- endmacro %}

{% macro any_true(condition) -%}
    coalesce(bool_or({{ condition }}), false)
{%- endmacro %}

{% macro sha256_hex(text) -%}
    {%- if target.type == 'spark' -%} sha2({{ text }}, 256)
    {%- else -%} sha256({{ text }})
    {%- endif -%}
{%- endmacro %}

{# The value of the row with the greatest precedence among the rows that fulfil the condition. #}
{% macro newest_of(value, condition, precedence='precedence') -%}
    {%- if target.type == 'spark' -%} max_by({{ value }}, {{ precedence }}) filter (where {{ condition }})
    {%- else -%} arg_max({{ value }}, {{ precedence }}) filter (where {{ condition }})
    {%- endif -%}
{%- endmacro %}

{# A JSON object as text from names and expressions, in the order given. #}
{% macro json_of(fields) -%}
    {%- if target.type == 'spark' -%} to_json(named_struct(
        {%- for name, expression in fields.items() %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor -%} ))
    {%- else -%} cast(json_object(
        {%- for name, expression in fields.items() %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor -%} ) as varchar)
    {%- endif -%}
{%- endmacro %}

{# Value of the instalment that comes first by due_on, then instalment_no; a null counts as a value. #}
{% macro first_of(value) -%}
    {%- if target.type == 'spark' -%}
        min_by(struct({{ value }}), struct(instalment.due_on, instalment.instalment_no)).col1
    {%- else -%} arg_min_null({{ value }}, (instalment.due_on, instalment.instalment_no))
    {%- endif -%}
{%- endmacro %}

{# A 64-bit number that is the same for the same values. #}
{% macro hash_of() -%}
    {%- if target.type == 'spark' -%} xxhash64({{ varargs | join(', ') }})
    {%- else -%} hash({{ varargs | join(', ') }})
    {%- endif -%}
{%- endmacro %}
