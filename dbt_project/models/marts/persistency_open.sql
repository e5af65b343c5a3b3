-- What is not observed yet: policies past their anniversary whose days of grace run, with what of them is paid already.
with observations as (
    select * from {{ ref('core_persistency_observation') }}
    where is_in_grace
),

persistency_open as (
    select
        month_k,
        cohort_month,
        channel,
        branch_code,
        partner_code,
        agent_code,
        bank_code,
        count(*) as open_count,
        count(*) filter (where is_paid_in_time) as paid_count,
        cast(coalesce(sum(annualised_premium), 0) as decimal(38, 2)) as open_premium,
        cast(coalesce(sum(annualised_premium) filter (where is_paid_in_time), 0) as decimal(38, 2)) as paid_premium,
        cast(coalesce(sum(annualised_premium) filter (where not is_paid_in_time), 0) as decimal(38, 2)) as unpaid_premium,
        min(observation_on) as first_observation_on
    from observations
    group by month_k, cohort_month, channel, branch_code, partner_code, agent_code, bank_code
)

select * from persistency_open
