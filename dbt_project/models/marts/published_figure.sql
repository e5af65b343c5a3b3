-- The figures as they were published, whenever they changed: what we said, and when we said it. Publications before this generation.
with published_figure as (
    select
        published.figure,
        published.measure,
        published.period_end,
        published.grain,
        published.value,
        published.label,
        publication.generation_id,
        publication.as_of,
        publication.published_at
    from {{ source('lake', 'published_figure') }} as published
    inner join {{ source('lake', 'publication') }} as publication on published.sequence = publication.sequence
)

select * from published_figure
