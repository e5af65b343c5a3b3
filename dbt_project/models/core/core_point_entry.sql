-- What earned points, with the parameters of the day on which they were earned. Append-only by nature: a row says that
-- something happened on a day, and no later day takes that back.
with rules as (
    select * from {{ ref('points_rule') }}
),

expiry as (
    select * from {{ ref('points_parameter') }}
    where parameter = 'expires_after_months'
),

premiums as (
    select
        policy.holder_customer_id as customer_id,
        'PREMIUM' as cause,
        instalment.source_system,
        instalment.policy_no || '/' || cast(instalment.instalment_no as varchar) as entry_ref,
        instalment.paid_on as earned_on,
        instalment.amount_paid
    from {{ ref('core_instalment') }} as instalment
    inner join {{ ref('core_policy') }} as policy
        on instalment.source_system = policy.source_system and instalment.policy_no = policy.policy_no
    where policy.is_counted and instalment.amount_paid > 0 and instalment.paid_on is not null
),

-- Once a person: the earliest binding of any account.
bindings as (
    select
        records.customer_id,
        'BINDING' as cause,
        min_by(bindings.source_system, (bindings.bound_at, bindings.source_system, bindings.openid)) as source_system,
        'binding' as entry_ref,
        cast(min(bindings.bound_at) as date) as earned_on,
        cast(null as decimal(18, 2)) as amount_paid
    from {{ ref('stg_wechat__bindings') }} as bindings
    inner join {{ ref('int_identity__customer_record') }} as records
        on bindings.source_system = records.source_system and bindings.openid = records.source_record_id
    where bindings.bound_at is not null
    group by records.customer_id
),

surveys as (
    select
        links.customer_id,
        'SURVEY' as cause,
        'crm' as source_system,
        surveys.survey_id as entry_ref,
        cast(surveys.answered_at as date) as earned_on,
        cast(null as decimal(18, 2)) as amount_paid
    from {{ ref('stg_crm__surveys') }} as surveys
    inner join {{ ref('int_identity__crm_link') }} as links on surveys.survey_id = links.row_id and links.kind = 'survey'
),

-- Once a person: the first policy, not cancelled, that was issued on or after a referral of its holder.
referrals as (
    select
        records.customer_id,
        'REFERRAL' as cause,
        'channel_banca' as source_system,
        'referral' as entry_ref,
        min(policy.issued_on) as earned_on,
        cast(null as decimal(18, 2)) as amount_paid
    from {{ ref('stg_channel_banca__referrals') }} as referrals
    inner join {{ ref('int_identity__customer_record') }} as records
        on referrals.source_system = records.source_system and referrals.referral_no = records.source_record_id
    inner join {{ ref('core_policy') }} as policy
        on records.customer_id = policy.holder_customer_id and referrals.referred_on <= policy.issued_on
    where policy.is_counted
    group by records.customer_id
),

campaigns as (
    select
        records.customer_id,
        'CAMPAIGN' as cause,
        events.source_system,
        events.campaign_code as entry_ref,
        cast(min(events.occurred_at) as date) as earned_on,
        cast(null as decimal(18, 2)) as amount_paid
    from {{ ref('stg_wechat__events') }} as events
    inner join {{ ref('int_identity__customer_record') }} as records
        on events.source_system = records.source_system and events.openid = records.source_record_id
    where events.event = 'campaign_signup' and events.campaign_code is not null
    group by records.customer_id, events.source_system, events.campaign_code
),

earned as (
    select * from premiums
    union all
    select * from bindings
    union all
    select * from surveys
    union all
    select * from referrals
    union all
    select * from campaigns
),

point_entry as (
    select
        earned.customer_id,
        earned.cause,
        earned.source_system,
        earned.entry_ref,
        cast(coalesce(floor(earned.amount_paid / rules.yuan_per_point), rules.points) as bigint) as points,
        earned.earned_on,
        {{ add_months('earned.earned_on', 'expiry.value') }} as expires_on
    from earned
    inner join rules on earned.cause = rules.cause and {{ valid_on('rules', 'earned.earned_on') }}
    inner join expiry on {{ valid_on('expiry', 'earned.earned_on') }}
    where earned.customer_id is not null and earned.earned_on <= {{ as_of() }}
)

select * from point_entry
where points > 0
