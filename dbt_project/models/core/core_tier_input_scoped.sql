-- A partner or a bank is another company: about a customer who has not agreed to CROSS_CHANNEL_SHARING it gets a tier made
-- of its own records (rows of its workbook, its referrals) and its own policies alone. Consent is G Life's and counts.
with silent_customers as (
    select * from {{ ref('core_customer') }}
    where not has_sharing_consent
),

own_policies as (
    select
        case when channel = 'BANCA' then bank_code else partner_code end as scope,
        *
    from {{ ref('core_policy') }}
    where (channel = 'BRK' and partner_code is not null) or (channel = 'BANCA' and bank_code is not null)
),

own_records as (
    select
        links.customer_id,
        coalesce(persons.partner_code, persons.bank_code) as scope,
        persons.*
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
    where persons.source_system in ('channel_broker', 'channel_banca')
),

served as (
    select
        scope,
        holder_customer_id as customer_id
    from own_policies
    where is_counted and holder_customer_id is not null
    union
    select
        scope,
        customer_id
    from own_records
    where scope is not null
),

recent as (
    select
        *,
        row_number() over (
            partition by scope, customer_id order by changed_at asc nulls first, source_record_id asc
        ) as precedence,
        not is_mobile_valid and coalesce(regexp_matches(mobile_std, '^1[3-9][0-9]{9}$'), false) as is_mobile_placeholder
    from own_records
),

own_golden as (
    select
        scope,
        customer_id,
        {{ newest_of('annual_income', 'annual_income > 0') }} as annual_income,
        {{ newest_of('coalesce(mobile_std, mobile)', 'coalesce(mobile_std, mobile) is not null and not is_mobile_placeholder') }}
            as mobile,
        {{ newest_of('is_mobile_valid', 'coalesce(mobile_std, mobile) is not null and not is_mobile_placeholder') }}
            as is_mobile_valid
    from recent
    group by scope, customer_id
),

own_shared as (
    select distinct
        own_golden.scope,
        own_golden.customer_id
    from own_golden
    inner join own_records
        on
            own_golden.scope = own_records.scope
            and own_golden.mobile = own_records.mobile_std
            and own_golden.customer_id != own_records.customer_id
),

paid as (
    select
        own_policies.scope,
        own_policies.holder_customer_id as customer_id,
        sum(instalment.amount_paid) as premiums_paid,
        {{ any_true('own_policies.is_in_force and instalment.due_on > ' ~ as_of()) }} as has_instalment_due
    from own_policies
    inner join {{ ref('core_instalment') }} as instalment
        on own_policies.source_system = instalment.source_system and own_policies.policy_no = instalment.policy_no
    where own_policies.is_counted
    group by own_policies.scope, own_policies.holder_customer_id
),

as_holder as (
    select
        scope,
        holder_customer_id as customer_id,
        sum(ape) filter (where is_in_force) as in_force_ape,
        count(*) filter (where is_in_force) as in_force_policies,
        min(effective_on) filter (where is_counted) as first_effective_on,
        {{ any_true('is_reinstatable') }} as is_reinstatable,
        max(issued_on) filter (where issued_on <= {{ as_of() }}) as last_issued_on
    from own_policies
    group by scope, holder_customer_id
),

as_insured as (
    select
        scope,
        insured_customer_id as customer_id,
        {{ any_true("product_line = 'LIFE'") }} as has_life,
        {{ any_true("product_line in ('CI', 'MEDICAL')") }} as has_health,
        {{ any_true("product_line = 'ANNUITY'") }} as has_annuity,
        {{ any_true("product_line = 'ACCIDENT'") }} as has_accident
    from own_policies
    where is_in_force
    group by scope, insured_customer_id
),

tier_input_scoped as (
    select
        served.customer_id,
        served.scope,
        coalesce(as_holder.in_force_ape, 0) as in_force_ape,
        coalesce(paid.premiums_paid, 0) as premiums_paid,
        coalesce(as_holder.in_force_policies, 0) as in_force_policies,
        as_holder.first_effective_on,
        own_golden.annual_income,
        coalesce(as_insured.has_life, false) as has_life,
        coalesce(as_insured.has_health, false) as has_health,
        coalesce(as_insured.has_annuity, false) as has_annuity,
        coalesce(as_insured.has_accident, false) as has_accident,
        as_holder.last_issued_on as last_engaged_on,
        coalesce(paid.has_instalment_due, false) as has_instalment_due,
        coalesce(as_holder.is_reinstatable, false) as is_reinstatable,
        coalesce(own_golden.is_mobile_valid, false)
        and own_shared.customer_id is null
        and coalesce(silent_customers.has_marketing_consent, false) as is_contactable
    from served
    inner join silent_customers on served.customer_id = silent_customers.customer_id
    left join own_golden on served.scope = own_golden.scope and served.customer_id = own_golden.customer_id
    left join own_shared on served.scope = own_shared.scope and served.customer_id = own_shared.customer_id
    left join paid on served.scope = paid.scope and served.customer_id = paid.customer_id
    left join as_holder on served.scope = as_holder.scope and served.customer_id = as_holder.customer_id
    left join as_insured on served.scope = as_insured.scope and served.customer_id = as_insured.customer_id
)

select * from tier_input_scoped
