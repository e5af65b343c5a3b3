with follower as (
    select
        source_system,
        openid,
        is_subscribed
    from {{ ref('stg_wechat__followers') }}
)

select * from follower
