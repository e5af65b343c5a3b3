-- Underwriting by every dimension at once (rules.md §8). Each figure counts in the month of its own day; the holder's age is
-- that at issue and the tier that of as_of. What nobody holds any more (erased, unknown) counts with unknown sex, age and tier.
with policies as (
    select
        policy.source_system,
        policy.policy_no,
        policy.channel,
        policy.branch_code,
        policy.product_line,
        policy.issued_on,
        policy.ape,
        policy.is_counted,
        customer.sex,
        age_band.age_band,
        customer_tier.tier
    from {{ ref('core_policy') }} as policy
    left join {{ ref('core_customer') }} as customer on policy.holder_customer_id = customer.customer_id
    left join {{ ref('customer_tier') }} as customer_tier
        on policy.holder_customer_id = customer_tier.customer_id and customer_tier.scope = 'ALL'
    left join {{ ref('age_band') }} as age_band
        on
            {{ valid_on('age_band', as_of()) }}
            and policy.issued_on >= customer.birth_date
            and {{ in_band(whole_years('customer.birth_date', 'policy.issued_on'), 'age_band') }}
),

figures as (
    select
        source_system,
        policy_no,
        issued_on as happened_on,
        1 as policies,
        ape,
        cast(null as decimal(18, 2)) as first_premium,
        cast(null as integer) as lapses,
        cast(null as integer) as surrenders,
        cast(null as decimal(18, 2)) as claims_paid
    from policies
    where is_counted
    union all by name
    select
        instalment.source_system,
        instalment.policy_no,
        instalment.paid_on as happened_on,
        instalment.amount_paid as first_premium
    from {{ ref('core_instalment') }} as instalment
    inner join policies
        on instalment.source_system = policies.source_system and instalment.policy_no = policies.policy_no
    where instalment.instalment_no = 1 and instalment.amount_paid > 0 and policies.is_counted
    union all by name
    select
        source_system,
        policy_no,
        event_on as happened_on,
        case when event_type = 'LAPSE' then 1 end as lapses,
        case when event_type = 'SURRENDER' then 1 end as surrenders
    from {{ ref('core_policy_event') }}
    where event_type in ('LAPSE', 'SURRENDER')
    union all by name
    select
        source_system,
        policy_no,
        decided_on as happened_on,
        amount_paid as claims_paid
    from {{ ref('core_claim') }}
    where decision = 'PAID' and amount_paid > 0
),

underwriting_cube as (
    select
        {{ month_of('figures.happened_on') }} as month,
        policies.branch_code,
        policies.channel,
        policies.product_line,
        policies.sex,
        policies.age_band,
        cast(policies.tier as integer) as tier,
        cast(coalesce(sum(figures.policies), 0) as bigint) as policies,
        cast(coalesce(sum(figures.ape), 0) as decimal(28, 3)) as ape,
        cast(coalesce(sum(figures.first_premium), 0) as decimal(28, 2)) as first_premium,
        cast(coalesce(sum(figures.lapses), 0) as bigint) as lapses,
        cast(coalesce(sum(figures.surrenders), 0) as bigint) as surrenders,
        -- The bank channel delivers no claims: unknown, not none.
        cast(
            case when policies.channel = 'BANCA' then null else coalesce(sum(figures.claims_paid), 0) end as decimal(28, 2)
        ) as claims_paid
    from figures
    inner join policies on figures.source_system = policies.source_system and figures.policy_no = policies.policy_no
    where figures.happened_on is not null
    group by
        {{ month_of('figures.happened_on') }},
        policies.branch_code,
        policies.channel,
        policies.product_line,
        policies.sex,
        policies.age_band,
        policies.tier
)

select * from underwriting_cube
