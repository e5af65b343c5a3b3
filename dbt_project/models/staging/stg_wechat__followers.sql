with current_followers as (
    {{ current_rows('wechat__followers', with_first_seen=true, erasable='') }}
),

stg_wechat__followers as (
    select
        openid,
        unionid,
        coalesce(subscribe, 0) = 1 as is_subscribed,
        {{ shanghai_time('subscribe_time') }} as subscribed_at,
        subscribe_scene,
        tagid_list,
        remark,
        {{ lineage(with_first_seen=true) }}
    from current_followers
)

select * from stg_wechat__followers
