-- What a customer did with G Life, for the rules that ask whether somebody was engaged lately. The events of a follower who
-- probably is somebody else's customer count for no tier (rules.md §3).
with links as (
    select * from {{ ref('int_identity__crm_link') }}
),

activities as (
    select
        links.customer_id,
        'CRM_ACTIVITY' as kind,
        cast(activities.occurred_at as date) as engaged_on,
        true as counts_for_tier
    from {{ ref('stg_crm__activities') }} as activities
    inner join links on activities.activity_id = links.row_id and links.kind = 'activity'
),

surveys as (
    select
        links.customer_id,
        'SURVEY' as kind,
        cast(surveys.answered_at as date) as engaged_on,
        true as counts_for_tier
    from {{ ref('stg_crm__surveys') }} as surveys
    inner join links on surveys.survey_id = links.row_id and links.kind = 'survey'
),

probable as (
    select distinct
        source_system,
        source_record_id as openid
    from {{ ref('core_probable_link') }}
),

wechat_events as (
    select
        records.customer_id,
        'WECHAT_EVENT' as kind,
        cast(events.occurred_at as date) as engaged_on,
        probable.openid is null as counts_for_tier
    from {{ ref('stg_wechat__events') }} as events
    inner join {{ ref('int_identity__customer_record') }} as records
        on events.source_system = records.source_system and events.openid = records.source_record_id
    left join probable
        on events.source_system = probable.source_system and events.openid = probable.openid
    where coalesce(events.event != 'unsubscribe', true)
),

-- Whatever became of the policy: applying was the engagement.
own_policies as (
    select
        holder_customer_id as customer_id,
        'POLICY_ISSUED' as kind,
        issued_on as engaged_on,
        true as counts_for_tier
    from {{ ref('core_policy') }}
),

engagements as (
    select * from activities
    union all
    select * from surveys
    union all
    select * from wechat_events
    union all
    select * from own_policies
),

engagement as (
    select
        customer_id,
        kind,
        engaged_on,
        counts_for_tier,
        count(*) as times
    from engagements
    where customer_id is not null and engaged_on is not null and engaged_on <= {{ as_of() }}
    group by customer_id, kind, engaged_on, counts_for_tier
)

select * from engagement
