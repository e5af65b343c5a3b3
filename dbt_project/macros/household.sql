{# A number of the household grouping that holds on the build's date. #}
{% macro household_parameter(name) -%}
    (
        select parameters.value
        from {{ ref('household_parameter') }} as parameters
        where parameters.parameter = '{{ name }}' and {{ valid_on('parameters', as_of()) }}
    )
{%- endmacro %}

{#
    Where somebody lives, however the address is written: district and road without the words for province, city and district,
    then the numbers of house, unit and flat. Null where fewer than three numbers say which door it is.
#}
{% macro dwelling_key(address) -%}
    case
        when array_length(regexp_extract_all({{ half_width(address) }}, '[0-9]+')) >= 3
            then
                right(regexp_replace(
                    regexp_extract(regexp_replace({{ half_width(address) }}, '[^0-9A-Za-z一-鿿]', '', 'g'), '^[^0-9]+'),
                    '[省市区县]', '', 'g'
                ), 5)
                || {{ numbers_of(half_width(address)) }}
    end
{%- endmacro %}
