{# The cells that a row counts in: its own, and ALL for the channel, for the branch and for both. #}
{% macro rollup_cells() -%}
    (values (true, true), (true, false), (false, true), (false, false)) as rollup (by_channel, by_branch)
{%- endmacro %}

{% macro cell_of(table_alias) -%}
    case when rollup.by_channel then {{ table_alias }}.channel else 'ALL' end as channel,
        case when rollup.by_branch then {{ table_alias }}.branch_code else 'ALL' end as branch_code
{%- endmacro %}

{# Money per head or piece: exact to ten decimals, which no reader rounds to; null over zero. #}
{% macro money_per(amount, number) -%}
    cast({{ ratio(amount, number) }} as decimal(28, 10))
{%- endmacro %}

{# One expression for each of several columns: every % of the pattern becomes the column's name. #}
{% macro each(columns, pattern) -%}
    {%- for column in columns %}{{ pattern | replace('%', column) }}{{ ',\n        ' if not loop.last }}{% endfor -%}
{%- endmacro %}
