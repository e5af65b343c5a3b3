with golden as (
    select * from {{ ref('core_customer_golden') }}
),

records as (
    select
        links.customer_id,
        links.source_system,
        links.source_record_id,
        persons.mobile_std
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
),

-- A record that probably is this customer, though not merged, does not make the number another person's.
shared_with_customers as (
    select distinct golden.customer_id
    from golden
    inner join records on golden.mobile = records.mobile_std and golden.customer_id != records.customer_id
    left join {{ ref('core_probable_link') }} as probable
        on
            records.source_system = probable.source_system
            and records.source_record_id = probable.source_record_id
            and golden.customer_id = probable.customer_id
    where golden.is_mobile_valid and probable.customer_id is null
),

shared_with_agents as (
    select distinct golden.customer_id
    from golden
    inner join {{ ref('core_agent') }} as agent on golden.mobile = {{ mobile_digits('agent.mobile') }}
    where golden.is_mobile_valid
),

shared as (
    select customer_id from shared_with_customers
    union
    select customer_id from shared_with_agents
),

subscribed as (
    select distinct records.customer_id
    from records
    inner join {{ ref('stg_wechat__followers') }} as followers
        on records.source_system = followers.source_system and records.source_record_id = followers.openid
    where followers.is_subscribed
),

consents as (
    select
        customer_id,
        bool_or(is_granted) filter (where purpose = 'MARKETING') as has_marketing_consent,
        bool_or(is_granted) filter (where purpose = 'CROSS_CHANNEL_SHARING') as has_sharing_consent
    from {{ ref('core_consent') }}
    group by customer_id
),

held as (
    select
        parties.customer_id,
        policy.channel,
        (parties.role = 'HOLDER' and parties.is_first) as is_holder,
        (parties.role = 'INSURED' and parties.is_first) or parties.role = 'BENEFICIARY' as is_insured
    from {{ ref('core_policy_party') }} as parties
    inner join {{ ref('core_policy') }} as policy
        on parties.source_system = policy.source_system and parties.policy_no = policy.policy_no
    where policy.is_counted and parties.customer_id is not null
),

roles as (
    select
        customer_id,
        {{ any_true('is_holder') }} as is_holder,
        {{ any_true('is_insured') }} as is_insured,
        {{ text_list('channel') }} filter (where is_holder) as holder_channels,
        {{ text_list('channel') }} filter (where is_insured) as insured_channels
    from held
    group by customer_id
),

source_channels as (
    select
        customer_id,
        {{ text_list('channel') }} as channels
    from (
        select
            customer_id,
            case
                when source_system in ('channel_individual', 'wechat_individual') then 'IND'
                when source_system in ('channel_broker', 'wechat_broker') then 'BRK'
                when source_system in ('core_banca', 'channel_banca', 'wechat_banca') then 'BANCA'
            end as channel
        from records
    ) as sources
    where channel is not null
    group by customer_id
),

customer as (
    select
        golden.customer_id,
        case
            when roles.is_holder then 'HOLDER'
            when roles.is_insured then 'INSURED'
            else 'PROSPECT'
        end as kind,
        golden.name,
        golden.sex,
        golden.birth_date,
        cast(extract(year from golden.birth_date) as integer) as birth_year,
        golden.id_type,
        golden.id_number,
        golden.is_id_valid,
        golden.mobile,
        golden.email,
        golden.address,
        golden.region_code,
        golden.annual_income,
        golden.marital_status,
        golden.education,
        golden.first_seen_on,
        golden.changed_at,
        golden.records,
        coalesce(
            case when roles.is_holder then roles.holder_channels when roles.is_insured then roles.insured_channels end,
            source_channels.channels,
            []
        ) as channels,
        coalesce(golden.is_mobile_valid, false) as is_mobile_valid,
        shared.customer_id is not null as is_mobile_shared,
        subscribed.customer_id is not null as is_subscribed,
        consents.has_marketing_consent,
        coalesce(consents.has_sharing_consent, false) as has_sharing_consent,
        ((coalesce(golden.is_mobile_valid, false) and shared.customer_id is null) or subscribed.customer_id is not null)
        and coalesce(consents.has_marketing_consent, false) as is_contactable
    from golden
    left join roles on golden.customer_id = roles.customer_id
    left join source_channels on golden.customer_id = source_channels.customer_id
    left join shared on golden.customer_id = shared.customer_id
    left join subscribed on golden.customer_id = subscribed.customer_id
    left join consents on golden.customer_id = consents.customer_id
)

select * from customer
