{# Date arithmetic that DuckDB and Spark spell differently. Months are calendar months: 29 Feb + 12 months = 28 Feb. #}

{% macro add_months(day, months) -%}
    {%- if target.type == 'spark' -%} add_months({{ day }}, {{ months }})
    {%- else -%} cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
    {%- endif -%}
{%- endmacro %}

{% macro add_years(day, years) -%}
    {{ add_months(day, '12 * (' ~ years ~ ')') }}
{%- endmacro %}

{% macro add_days(day, days) -%}
    {%- if target.type == 'spark' -%} date_add({{ day }}, {{ days }})
    {%- else -%} ({{ day }} + cast({{ days }} as integer))
    {%- endif -%}
{%- endmacro %}

{# Completed years between two days. #}
{% macro whole_years(from_day, to_day) -%}
    {%- if target.type == 'spark' -%} cast(floor(months_between({{ to_day }}, {{ from_day }}) / 12) as int)
    {%- else -%} cast(date_sub('year', {{ from_day }}, {{ to_day }}) as integer)
    {%- endif -%}
{%- endmacro %}

{% macro days_between(from_day, to_day) -%}
    {%- if target.type == 'spark' -%} datediff({{ to_day }}, {{ from_day }})
    {%- else -%} date_diff('day', {{ from_day }}, {{ to_day }})
    {%- endif -%}
{%- endmacro %}

{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro last_day_of_month(day) -%}
    last_day({{ day }})
{%- endmacro %}

{# Wall clock of Shanghai (no daylight saving since 1991) of a Unix time in seconds. #}
{% macro shanghai_time(unix_seconds) -%}
    {%- if target.type == 'spark' -%} from_utc_timestamp(timestamp_seconds({{ unix_seconds }}), 'Asia/Shanghai')
    {%- else -%} (make_timestamp(cast({{ unix_seconds }} as bigint) * 1000000) + interval 8 hour)
    {%- endif -%}
{%- endmacro %}

{# One row per month end, from the month of the first day to that of the last, both expressions. #}
{% macro month_starts(first_day, last_day) -%}
    {%- if target.type == 'spark' -%}
        select explode(sequence({{ month_of(first_day) }}, {{ month_of(last_day) }}, interval 1 month)) as month_start
    {%- else -%}
        select cast(unnest(generate_series({{ month_of(first_day) }}, {{ month_of(last_day) }}, interval 1 month)) as date) as month_start
    {%- endif -%}
{%- endmacro %}
