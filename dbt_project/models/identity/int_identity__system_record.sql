-- Every current record that describes a person in a system of its own (all but the CRM's mentions), in one shape (a view without the
-- database's name, like int_identity__source_record).
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
    from {{ ref('stg_core_life__client').include(database=false) }}
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
    from {{ ref('stg_core_banca__cust').include(database=false) }}
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
    from {{ ref('stg_channel_individual__prospects').include(database=false) }}
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
    from {{ ref('stg_channel_broker__customers').include(database=false) }}
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
    from {{ ref('stg_channel_banca__referrals').include(database=false) }}
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
    from {{ ref('stg_wechat__followers').include(database=false) }} as followers
    left join {{ ref('stg_wechat__bindings').include(database=false) }} as bindings
        on followers.source_system = bindings.source_system and followers.openid = bindings.openid
),

int_identity__system_record as (
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
)

select * from int_identity__system_record
