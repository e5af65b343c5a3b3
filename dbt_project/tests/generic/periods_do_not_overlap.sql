{# Rows of an effective-dated table that hold at the same time as another row of their key, or for no time at all. #}
{% test periods_do_not_overlap(model, columns) %}
    select
        one.valid_from,
        one.valid_to,
        other.valid_from as other_valid_from
    from {{ model }} as one
    left join {{ model }} as other
        on one.valid_from < other.valid_from
        and (one.valid_to is null or other.valid_from < one.valid_to)
        {%- for column in columns %}
        and one.{{ column }} is not distinct from other.{{ column }}
        {%- endfor %}
    where other.valid_from is not null or one.valid_to <= one.valid_from
{% endtest %}
