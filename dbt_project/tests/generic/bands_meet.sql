{# Bands of one table and day must meet: a gap would give no points, an overlap would count twice. The ends are open. #}
{% test bands_meet(model, columns) %}
    with bands as (
        select * from {{ model }}
        {% if 'is_null_band' in columns %}where not is_null_band{% endif %}
    ),

    days as (
        select distinct valid_from as day from bands
    ),

    neighbours as (
        select
            days.day,
            {% for column in columns %}bands.{{ column }},
            {% endfor %}bands.lower_bound,
            bands.upper_bound,
            lead(bands.lower_bound) over (
                partition by days.day{% for column in columns %}, bands.{{ column }}{% endfor %}
                order by bands.lower_bound nulls first
            ) as next_lower_bound,
            lag(bands.upper_bound) over (
                partition by days.day{% for column in columns %}, bands.{{ column }}{% endfor %}
                order by bands.lower_bound nulls first
            ) as previous_upper_bound
        from bands
        inner join days on {{ valid_on('bands', 'days.day') }}
    )

    select * from neighbours
    where upper_bound is distinct from next_lower_bound or lower_bound is distinct from previous_upper_bound
{% endtest %}
