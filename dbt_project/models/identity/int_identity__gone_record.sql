-- Records of persons that their source deleted or left out of a later full delivery, as they last were. WeChat and CRM rows
-- never go.
with clients as (
    {{ gone_rows('core_life__client', 'stg_core_life__client', deletable=true) }}
),

bank_customers as (
    {{ gone_rows('core_banca__cust', 'stg_core_banca__cust') }}
),

prospects as (
    {{ gone_rows('channel_individual__prospects', 'stg_channel_individual__prospects') }}
),

broker_customers as (
    {{ gone_rows('channel_broker__customers', 'stg_channel_broker__customers') }}
),

referrals as (
    {{ gone_rows('channel_banca__referrals', 'stg_channel_banca__referrals') }}
),

gone as (
    select
        'core_life' as source_system,
        client_id as source_record_id,
        name,
        sex,
        birth_date,
        id_type,
        id_number,
        mobile,
        email,
        address,
        marital_status,
        cast(updated_at as date) as changed_at,
        first_seen_on
    from clients
    union all by name
    select
        'core_banca' as source_system,
        cust_no as source_record_id,
        name,
        {{ in_our_words('sex', 'banca_sex') }} as sex,
        birth_date,
        {{ in_our_words('id_type', 'banca_id_type') }} as id_type,
        id_number,
        mobile,
        address,
        {{ in_our_words('marital_status', 'banca_marital_status') }} as marital_status,
        last_change_date as changed_at,
        first_seen_on
    from bank_customers
    union all by name
    select
        'channel_individual' as source_system,
        prospect_no as source_record_id,
        name,
        {{ in_our_words('sex', 'chinese_sex') }} as sex,
        birth_date,
        mobile,
        agent_code,
        registered_on as changed_at,
        first_seen_on
    from prospects
    union all by name
    select
        'channel_broker' as source_system,
        source_record_id,
        name,
        {{ in_our_words('sex', 'chinese_sex') }} as sex,
        birth_date,
        {{ in_our_words('id_type', 'chinese_id_type') }} as id_type,
        id_number,
        mobile,
        policy_no as bound_policy_no,
        'core_life' as bound_system,
        partner_code,
        first_seen_on as changed_at,
        first_seen_on
    from broker_customers
    union all by name
    select
        'channel_banca' as source_system,
        referral_no as source_record_id,
        name,
        mobile,
        id_last4,
        bank_code,
        referred_on as changed_at,
        first_seen_on
    from referrals
),

int_identity__gone_record as (
    select * from gone
)

select * from int_identity__gone_record
