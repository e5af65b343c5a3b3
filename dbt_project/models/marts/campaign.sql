-- Campaigns of the WeChat accounts, from sign-up to policy (rules.md §8). A person counts once a campaign, from the first
-- sign-up. New to G Life is who held no policy (not cancelled) issued before that day; a new holder is one of them whose
-- first policy was issued within 90 days after it.
with parameters as (
    select cast(parameter.value as integer) as holder_within_days
    from {{ ref('campaign_parameter') }} as parameter
    where parameter.parameter = 'holder_within_days' and {{ valid_on('parameter', as_of()) }}
),

sign_ups as (
    select
        events.source_system as account,
        events.campaign_code,
        coalesce(records.customer_id, events.openid) as person,
        records.customer_id,
        min(cast(events.occurred_at as date)) as signed_up_on,
        {{ any_true('coalesce(followers.is_subscribed, false)') }} as is_follower,
        {{ any_true('bindings.openid is not null') }} as is_bound
    from {{ ref('stg_wechat__events') }} as events
    left join {{ ref('int_identity__customer_record') }} as records
        on events.source_system = records.source_system and events.openid = records.source_record_id
    left join {{ ref('core_follower') }} as followers
        on events.source_system = followers.source_system and events.openid = followers.openid
    left join {{ ref('stg_wechat__bindings') }} as bindings
        on events.source_system = bindings.source_system and events.openid = bindings.openid
    where events.event = 'campaign_signup' and events.campaign_code is not null
    group by events.source_system, events.campaign_code, coalesce(records.customer_id, events.openid), records.customer_id
),

policies as (
    select
        holder_customer_id as customer_id,
        issued_on,
        ape
    from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null and issued_on <= {{ as_of() }}
),

followed_up as (
    select
        sign_ups.account,
        sign_ups.campaign_code,
        sign_ups.person,
        min(policies.issued_on) as first_issued_on,
        sum(policies.ape) filter (
            where policies.issued_on <= {{ add_days('sign_ups.signed_up_on', 'parameters.holder_within_days') }}
        ) as ape
    from sign_ups
    cross join parameters
    inner join policies on sign_ups.customer_id = policies.customer_id
    group by sign_ups.account, sign_ups.campaign_code, sign_ups.person
),

persons as (
    select
        sign_ups.account,
        sign_ups.campaign_code,
        sign_ups.is_follower,
        sign_ups.is_bound,
        coalesce(followed_up.first_issued_on >= sign_ups.signed_up_on, true) as is_new,
        coalesce(
            followed_up.first_issued_on between sign_ups.signed_up_on
            and {{ add_days('sign_ups.signed_up_on', 'parameters.holder_within_days') }},
            false
        ) as is_new_holder,
        followed_up.ape,
        {{ days_between('sign_ups.signed_up_on', 'followed_up.first_issued_on') }} as days_to_policy
    from sign_ups
    cross join parameters
    left join followed_up
        on
            sign_ups.account = followed_up.account
            and sign_ups.campaign_code = followed_up.campaign_code
            and sign_ups.person = followed_up.person
),

funnel as (
    select
        account,
        campaign_code,
        count(*) as sign_ups,
        count(*) filter (where is_new) as new_persons,
        count(*) filter (where is_follower) as followers,
        count(*) filter (where is_bound) as bound,
        count(*) filter (where is_new_holder) as new_holders,
        sum(ape) filter (where is_new_holder) as ape,
        median(days_to_policy) filter (where is_new_holder) as median_days
    from persons
    group by account, campaign_code
),

campaigns as (
    select
        source_system as account,
        campaign_code,
        name,
        starts_on,
        ends_on,
        budget
    from {{ ref('stg_wechat__campaigns') }}
),

campaign as (
    select
        coalesce(campaigns.account, funnel.account) as account,
        coalesce(campaigns.campaign_code, funnel.campaign_code) as campaign_code,
        coalesce(funnel.sign_ups, 0) as sign_ups,
        coalesce(funnel.followers, 0) as followers,
        coalesce(funnel.bound, 0) as bound,
        coalesce(funnel.new_holders, 0) as new_holders,
        cast(coalesce(funnel.ape, 0) as decimal(28, 3)) as ape,
        cast(campaigns.budget as decimal(18, 2)) as budget,
        {{ money_per('campaigns.budget', 'funnel.new_holders') }} as cost_per_new_holder,
        cast(funnel.median_days as double) as median_days,
        coalesce(funnel.new_persons, 0) as new_persons,
        campaigns.name as campaign_name,
        campaigns.starts_on,
        campaigns.ends_on
    from campaigns
    full outer join funnel on campaigns.account = funnel.account and campaigns.campaign_code = funnel.campaign_code
)

select * from campaign
