with current_events as (
    {{ current_rows('wechat__events') }}
),

stg_wechat__events as (
    select
        event_id,
        openid,
        event,
        campaign_code,
        occurred_at,
        payload,
        {{ lineage() }}
    from current_events
)

select * from stg_wechat__events
