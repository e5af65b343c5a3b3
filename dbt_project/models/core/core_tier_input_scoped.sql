-- A partner or a bank is another company: about a customer who has not agreed to CROSS_CHANNEL_SHARING it gets a tier made
-- of its own records (rows of its workbook, its referrals) and its own policies alone, and these are one customer only as
-- far as they say so themselves (core_own_group). Consent is G Life's and counts; that of a group needs all its customers'.
-- One row per recipient, group and customer with a record in the group: usually the group is the customer.
with own_policies as (
    select
        case when channel = 'BANCA' then bank_code else partner_code end as scope,
        source_system || ':' || holder_record_id as holder_key,
        source_system || ':' || insured_record_id as insured_key,
        *
    from {{ ref('core_policy') }}
    where (channel = 'BRK' and partner_code is not null) or (channel = 'BANCA' and bank_code is not null)
),

own_groups as (
    select * from {{ ref('core_own_group') }}
),

held_policies as (
    select
        own_policies.*,
        own_groups.own_group
    from own_policies
    inner join own_groups on own_policies.scope = own_groups.scope and own_policies.holder_key = own_groups.record_key
),

-- All own rows, those of customers who agreed too: they can share a mobile with others.
own_records as (
    select
        coalesce(persons.partner_code, persons.bank_code) as scope,
        coalesce(own_groups.own_group, links.customer_id) as own_group,
        own_groups.own_group is not null as is_silent,
        persons.source_record_id,
        persons.changed_at,
        persons.annual_income,
        persons.mobile,
        persons.mobile_std,
        regexp_replace({{ half_width('persons.mobile') }}, '[^0-9]', '', 'g') as mobile_all_digits,
        persons.is_mobile_valid
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
    left join own_groups
        on coalesce(persons.partner_code, persons.bank_code) = own_groups.scope and persons.record_key = own_groups.record_key
    where persons.source_system in ('channel_broker', 'channel_banca')
),

served as (
    select
        scope,
        own_group
    from held_policies
    where is_counted
    union
    select
        scope,
        own_group
    from own_records
    where is_silent
),

consents as (
    select
        own_groups.scope,
        own_groups.own_group,
        bool_and(coalesce(customer.has_marketing_consent, false)) as has_marketing_consent
    from own_groups
    inner join {{ ref('core_customer') }} as customer on own_groups.customer_id = customer.customer_id
    group by own_groups.scope, own_groups.own_group
),

recent as (
    select
        *,
        row_number() over (
            partition by scope, own_group order by changed_at asc nulls first, source_record_id asc
        ) as precedence,
        {{ stands_for_no_mobile() }} as is_mobile_placeholder
    from own_records
    where is_silent
),

own_golden as (
    select
        scope,
        own_group,
        {{ newest_of('annual_income', 'annual_income > 0') }} as annual_income,
        {{ newest_of('coalesce(mobile_std, mobile)', 'coalesce(mobile_std, mobile) is not null and not is_mobile_placeholder') }}
            as mobile,
        {{ newest_of('is_mobile_valid', 'coalesce(mobile_std, mobile) is not null and not is_mobile_placeholder') }}
            as is_mobile_valid
    from recent
    group by scope, own_group
),

own_shared as (
    select distinct
        own_golden.scope,
        own_golden.own_group
    from own_golden
    inner join own_records
        on
            own_golden.scope = own_records.scope
            and own_golden.mobile = own_records.mobile_std
            and own_golden.own_group != own_records.own_group
),

paid as (
    select
        held_policies.scope,
        held_policies.own_group,
        sum(instalment.amount_paid) as premiums_paid,
        {{ any_true('held_policies.is_in_force and instalment.due_on > ' ~ as_of()) }} as has_instalment_due
    from held_policies
    inner join {{ ref('core_instalment') }} as instalment
        on held_policies.source_system = instalment.source_system and held_policies.policy_no = instalment.policy_no
    where held_policies.is_counted
    group by held_policies.scope, held_policies.own_group
),

as_holder as (
    select
        scope,
        own_group,
        sum(ape) filter (where is_in_force) as in_force_ape,
        count(*) filter (where is_in_force) as in_force_policies,
        min(effective_on) filter (where is_counted) as first_effective_on,
        {{ any_true('is_reinstatable') }} as is_reinstatable,
        max(issued_on) filter (where issued_on <= {{ as_of() }}) as last_issued_on
    from held_policies
    group by scope, own_group
),

as_insured as (
    select
        own_policies.scope,
        own_groups.own_group,
        {{ any_true("own_policies.product_line = 'LIFE'") }} as has_life,
        {{ any_true("own_policies.product_line in ('CI', 'MEDICAL')") }} as has_health,
        {{ any_true("own_policies.product_line = 'ANNUITY'") }} as has_annuity,
        {{ any_true("own_policies.product_line = 'ACCIDENT'") }} as has_accident
    from own_policies
    inner join own_groups on own_policies.scope = own_groups.scope and own_policies.insured_key = own_groups.record_key
    where own_policies.is_in_force
    group by own_policies.scope, own_groups.own_group
),

-- A customer is of a group by a record that is served there, not by being insured alone.
group_customers as (
    select distinct
        own_groups.scope,
        own_groups.own_group,
        own_groups.customer_id
    from own_groups
    left join own_policies
        on own_groups.scope = own_policies.scope and own_groups.record_key = own_policies.holder_key and own_policies.is_counted
    where own_policies.scope is not null or own_groups.record_key like 'channel_%'
),

tier_input_scoped as (
    select
        group_customers.customer_id,
        served.scope,
        served.own_group,
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
        and own_shared.own_group is null
        and consents.has_marketing_consent as is_contactable
    from served
    inner join group_customers on served.scope = group_customers.scope and served.own_group = group_customers.own_group
    inner join consents on served.scope = consents.scope and served.own_group = consents.own_group
    left join own_golden on served.scope = own_golden.scope and served.own_group = own_golden.own_group
    left join own_shared on served.scope = own_shared.scope and served.own_group = own_shared.own_group
    left join paid on served.scope = paid.scope and served.own_group = paid.own_group
    left join as_holder on served.scope = as_holder.scope and served.own_group = as_holder.own_group
    left join as_insured on served.scope = as_insured.scope and served.own_group = as_insured.own_group
)

select * from tier_input_scoped
