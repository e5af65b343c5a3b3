-- Each policy at each persistency month: when it is observed, whether it is exposed, whether it persists. Lapsed and
-- surrendered policies stay exposed: a table that leaves them out hides what it should show.
with policies as (
    select * from {{ ref('core_policy') }}
    where effective_on is not null
),

months as (
    select
        month_k,
        cast((month_k - 1) / 12 as integer) as years
    from (values (13), (25), (37), (49), (61)) as month_numbers (month_k)
),

dated as (
    select
        policies.*,
        months.month_k,
        months.years,
        {{ add_years('policies.effective_on', 'months.years') }} as anniversary
    from policies
    cross join months
),

observed as (
    select
        *,
        {{ add_days('anniversary', 60) }} as observation_on
    from dated
),

-- The instalment that decides: the first one due on or after the anniversary.
deciding as (
    select
        observed.source_system,
        observed.policy_no,
        observed.month_k,
        {{ first_of('instalment.amount_due') }} as amount_due,
        {{ first_of('instalment.amount_paid') }} as amount_paid,
        {{ first_of('instalment.paid_on') }} as paid_on
    from observed
    inner join {{ ref('core_instalment') }} as instalment
        on
            observed.source_system = instalment.source_system
            and observed.policy_no = instalment.policy_no
            and observed.anniversary <= instalment.due_on
    group by observed.source_system, observed.policy_no, observed.month_k
),

judged as (
    select
        observed.*,
        coalesce(
            observed.pay_mode != 'SINGLE'
            and observed.pay_term_years > observed.years
            and observed.is_counted
            and not (
                coalesce(observed.status in ('DEATH', 'MATURED', 'REPUDIATED'), false)
                and coalesce(observed.status_on <= observed.observation_on, false)
            ),
            false
        ) as is_payable,
        coalesce(
            deciding.amount_paid >= deciding.amount_due and deciding.paid_on <= observed.observation_on, false
        ) as is_paid_in_time,
        coalesce(deciding.amount_paid >= deciding.amount_due and deciding.paid_on <= {{ as_of() }}, false) as is_paid
    from observed
    left join deciding
        on
            observed.source_system = deciding.source_system
            and observed.policy_no = deciding.policy_no
            and observed.month_k = deciding.month_k
),

-- What can still be paid in time is not observed yet: it is in grace.
exposed as (
    select
        *,
        is_payable and observation_on <= {{ as_of() }} as is_exposed
    from judged
),

persistency_observation as (
    select
        source_system,
        policy_no,
        month_k,
        channel,
        branch_code,
        agent_code,
        partner_code,
        bank_code,
        outlet_code,
        {{ month_of('effective_on') }} as cohort_month,
        anniversary,
        observation_on,
        is_exposed,
        is_exposed and is_paid_in_time as is_persisting,
        is_exposed and is_paid as is_persisting_reinstated,
        is_payable and anniversary <= {{ as_of() }} and observation_on > {{ as_of() }} as is_in_grace,
        is_paid_in_time,
        annualised_premium
    from exposed
)

select * from persistency_observation
