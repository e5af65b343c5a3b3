-- What changed about past figures after they had been published, from the publication log and this generation's own steps.
with logged as (
    select
        published_figure.figure,
        published_figure.measure,
        published_figure.period_end,
        published_figure.grain,
        published_figure.previous_value,
        published_figure.value,
        published_figure.previous_label,
        published_figure.label,
        published_figure.reason,
        published_figure.other_causes,
        publication.generation_id,
        publication.as_of
    from {{ source('lake', 'published_figure') }} as published_figure
    inner join {{ source('lake', 'publication') }} as publication on published_figure.sequence = publication.sequence
    where published_figure.reason is not null
),

own as (
    select
        steps.figure,
        steps.measure,
        steps.period_end,
        steps.grain,
        steps.previous_value,
        steps.value,
        steps.previous_label,
        steps.label,
        steps.reason,
        steps.other_causes,
        generation_info.generation_id,
        {{ as_of() }} as as_of
    from {{ ref('figure_step') }} as steps
    cross join {{ source('lake', 'generation_info') }} as generation_info
    where steps.reason is not null
),

told as (
    select * from logged
    union all
    select * from own
),

restatement as (
    select
        figure,
        measure,
        period_end,
        grain,
        previous_value,
        value,
        value - previous_value as change,
        previous_label,
        label,
        reason,
        other_causes,
        as_of as restated_as_of,
        generation_id
    from told
)

select * from restatement
