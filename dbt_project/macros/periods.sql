{# Last day of the newest closed month: a period is closed when its last day is not after as_of. #}
{% macro last_closed_day() -%}
    (case
        when {{ as_of() }} = {{ last_day_of_month(as_of()) }} then {{ as_of() }}
        else {{ add_days(month_of(as_of()), -1) }}
    end)
{%- endmacro %}

{# First day of the last twelve closed months. #}
{% macro first_closed_day() -%}
    {{ add_months(month_of(last_closed_day()), -11) }}
{%- endmacro %}

{# Last day of the month before as_of: what changes are told against (rules.md §3). #}
{% macro previous_month_end() -%}
    {{ add_days(month_of(as_of()), -1) }}
{%- endmacro %}
