{# A valid number in its 18 digits; any other as delivered but for width, case and separators (identity compares less of a permit). #}
{% macro golden_id_number() -%}
    case when is_id_valid then id_std else coalesce({{ compact_id('id_number') }}, id_number) end
{%- endmacro %}

{# A mobile that the stewards' list names, or whose last eight digits are all equal (10000000000 is no mobile's form, yet one). #}
{% macro stands_for_no_mobile() -%}
    coalesce((mobile_std is not null and not is_mobile_valid) or (length(mobile_all_digits) >= 8 and right(mobile_all_digits, 8) = repeat(right(mobile_all_digits, 1), 8)), false)
{%- endmacro %}
