-- What the tier of a customer over the whole company is made of.
with policies as (
    select * from {{ ref('core_policy') }}
    where is_counted
),

paid as (
    select
        policies.holder_customer_id as customer_id,
        sum(instalment.amount_paid) as premiums_paid
    from {{ ref('core_instalment') }} as instalment
    inner join policies
        on instalment.source_system = policies.source_system and instalment.policy_no = policies.policy_no
    where policies.holder_customer_id is not null
    group by policies.holder_customer_id
),

due as (
    select distinct policies.holder_customer_id as customer_id
    from {{ ref('core_instalment') }} as instalment
    inner join policies
        on instalment.source_system = policies.source_system and instalment.policy_no = policies.policy_no
    where policies.is_in_force and instalment.due_on > {{ as_of() }}
),

as_holder as (
    select
        holder_customer_id as customer_id,
        sum(ape) filter (where is_in_force) as in_force_ape,
        count(*) filter (where is_in_force) as in_force_policies,
        min(effective_on) as first_effective_on,
        {{ any_true('is_reinstatable') }} as is_reinstatable
    from policies
    where holder_customer_id is not null
    group by holder_customer_id
),

as_insured as (
    select
        insured_customer_id as customer_id,
        {{ any_true("product_line = 'LIFE'") }} as has_life,
        {{ any_true("product_line in ('CI', 'MEDICAL')") }} as has_health,
        {{ any_true("product_line = 'ANNUITY'") }} as has_annuity,
        {{ any_true("product_line = 'ACCIDENT'") }} as has_accident
    from policies
    where is_in_force and insured_customer_id is not null
    group by insured_customer_id
),

engaged as (
    select
        customer_id,
        max(engaged_on) as last_engaged_on
    from {{ ref('core_engagement') }}
    where counts_for_tier
    group by customer_id
),

tier_input_all as (
    select
        customer.customer_id,
        'ALL' as scope,
        coalesce(as_holder.in_force_ape, 0) as in_force_ape,
        coalesce(paid.premiums_paid, 0) as premiums_paid,
        coalesce(as_holder.in_force_policies, 0) as in_force_policies,
        as_holder.first_effective_on,
        customer.annual_income,
        coalesce(as_insured.has_life, false) as has_life,
        coalesce(as_insured.has_health, false) as has_health,
        coalesce(as_insured.has_annuity, false) as has_annuity,
        coalesce(as_insured.has_accident, false) as has_accident,
        engaged.last_engaged_on,
        due.customer_id is not null as has_instalment_due,
        coalesce(as_holder.is_reinstatable, false) as is_reinstatable,
        customer.is_contactable
    from {{ ref('core_customer') }} as customer
    left join as_holder on customer.customer_id = as_holder.customer_id
    left join paid on customer.customer_id = paid.customer_id
    left join due on customer.customer_id = due.customer_id
    left join as_insured on customer.customer_id = as_insured.customer_id
    left join engaged on customer.customer_id = engaged.customer_id
)

select * from tier_input_all
