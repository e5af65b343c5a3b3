with current_learning as (
    {{ current_rows('wechat__learning') }}
),

stg_wechat__learning as (
    select
        record_id,
        agent_code,
        course_code,
        category,
        completed_at,
        score,
        passed,
        {{ lineage() }}
    from current_learning
)

select * from stg_wechat__learning
