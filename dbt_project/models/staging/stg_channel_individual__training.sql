with current_training as (
    {{ current_rows('channel_individual__training') }}
),

stg_channel_individual__training as (
    select
        agent_code,
        course_code,
        course_name,
        category,
        form,
        completed_on,
        score,
        {{ in_our_words('passed', 'chinese_yes') }} as passed,
        {{ lineage() }}
    from current_training
)

select * from stg_channel_individual__training
