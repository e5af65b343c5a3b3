with current_campaigns as (
    {{ current_rows('wechat__campaigns') }}
),

stg_wechat__campaigns as (
    select
        campaign_code,
        name,
        starts_on,
        ends_on,
        budget,
        {{ lineage() }}
    from current_campaigns
)

select * from stg_wechat__campaigns
