-- Every record that describes a person, as its source delivered it, in one shape: the current ones, and those that are gone,
-- whose place in history still anchors the id of their person (they make no customer and link no others).
{{ config(materialized='view') }}

with core_life as (
    select
        'core_life' as source_system,
        client_id as source_record_id,
        name,
        sex,
        birth_date,
        id_type,
        id_number,
        mobile,
        phone2 as phone,
        email,
        address,
        region_code,
        annual_income,
        marital_status,
        education,
        marketing_consent,
        cast(updated_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_core_life__client') }}
),

core_banca as (
    select
        'core_banca' as source_system,
        cust_no as source_record_id,
        name,
        sex,
        birth_date,
        id_type,
        id_number,
        mobile,
        phone,
        address,
        region_code,
        monthly_income * 12 as annual_income,
        marital_status,
        education,
        consent as marketing_consent,
        last_change_date as changed_at,
        first_seen_on
    from {{ ref('stg_core_banca__cust') }}
),

prospects as (
    select
        'channel_individual' as source_system,
        prospect_no as source_record_id,
        name,
        sex,
        birth_date,
        mobile,
        annual_income,
        marketing_consent,
        agent_code,
        registered_on as changed_at,
        first_seen_on
    from {{ ref('stg_channel_individual__prospects') }}
),

broker_customers as (
    select
        'channel_broker' as source_system,
        source_record_id,
        name,
        sex,
        birth_date,
        id_type,
        id_number,
        mobile,
        annual_income,
        policy_no as bound_policy_no,
        'core_life' as bound_system,
        partner_code,
        unchanged_since as changed_at,
        first_seen_on
    from {{ ref('stg_channel_broker__customers') }}
),

referrals as (
    select
        'channel_banca' as source_system,
        referral_no as source_record_id,
        name,
        mobile,
        id_last4,
        bank_code,
        referred_on as changed_at,
        first_seen_on
    from {{ ref('stg_channel_banca__referrals') }}
),

followers as (
    select
        followers.source_system,
        followers.openid as source_record_id,
        bindings.name,
        bindings.mobile,
        bindings.id_last4,
        followers.unionid,
        bindings.policy_no as bound_policy_no,
        bindings.system as bound_system,
        cast(bindings.bound_at as date) as changed_at,
        followers.first_seen_on
    from {{ ref('stg_wechat__followers') }} as followers
    left join {{ ref('stg_wechat__bindings') }} as bindings
        on followers.source_system = bindings.source_system and followers.openid = bindings.openid
),

elsewhere as (
    select * from core_life
    union all by name
    select * from core_banca
    union all by name
    select * from prospects
    union all by name
    select * from broker_customers
    union all by name
    select * from referrals
    union all by name
    select * from followers
),

crm_rows as (
    select
        -- A row that named a record before the record came was a person record until then.
        rows.kind <> 'card' and elsewhere.source_system is not null as is_gone,
        'crm' as source_system,
        rows.source_record_id,
        rows.name,
        try_cast(rows.birth_date_text as date) as birth_date,
        rows.id_number,
        rows.mobile,
        rows.email,
        rows.address,
        rows.agent_code,
        rows.who_system,
        rows.who_record_id,
        rows.changed_at,
        rows.first_seen_on
    from {{ ref('int_identity__crm_row') }} as rows
    left join elsewhere
        on rows.who_system = elsewhere.source_system and rows.who_record_id = elsewhere.source_record_id
    where rows.kind = 'card' or elsewhere.source_system is null or rows.first_seen_on < elsewhere.first_seen_on
),

records as (
    select
        false as is_gone,
        *
    from elsewhere
    union all by name
    select * from crm_rows
    union all by name
    select
        true as is_gone,
        *
    from {{ ref('int_identity__gone_record') }}
),

int_identity__source_record as (
    select
        -- The place of a record in history: the first of a cluster is its anchor (design decision 7).
        row_number() over (
            order by first_seen_on, {{ source_order('source_system') }}, source_record_id
        ) as record_no,
        source_system || ':' || source_record_id as record_key,
        *
    from records
)

select * from int_identity__source_record
