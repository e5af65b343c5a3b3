with metric as (
    select
        table_name,
        column_name,
        metric,
        chinese,
        formula,
        unit,
        is_additive,
        grain,
        meaning,
        owner,
        rule
    from {{ ref('metric_catalogue') }}
)

select * from metric
