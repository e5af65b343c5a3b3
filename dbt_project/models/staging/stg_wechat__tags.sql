with current_tags as (
    {{ current_rows('wechat__tags') }}
),

stg_wechat__tags as (
    select
        id as tag_id,
        name,
        count as follower_count,
        {{ lineage() }}
    from current_tags
)

select * from stg_wechat__tags
