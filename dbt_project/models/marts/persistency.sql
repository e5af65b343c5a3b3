with observations as (
    select * from {{ ref('core_persistency_observation') }}
    where is_exposed
),

summed as (
    select
        month_k,
        cohort_month,
        channel,
        branch_code,
        partner_code,
        agent_code,
        bank_code,
        count(*) as exposed_count,
        count(*) filter (where is_persisting) as persisting_count,
        cast(coalesce(sum(annualised_premium), 0) as decimal(38, 2)) as exposed_premium,
        cast(coalesce(sum(annualised_premium) filter (where is_persisting), 0) as decimal(38, 2)) as persisting_premium,
        cast(
            coalesce(sum(annualised_premium) filter (where is_persisting_reinstated), 0) as decimal(38, 2)
        ) as reinstated_premium
    from observations
    group by month_k, cohort_month, channel, branch_code, partner_code, agent_code, bank_code
),

persistency as (
    select
        month_k,
        cohort_month,
        channel,
        branch_code,
        partner_code,
        agent_code,
        bank_code,
        exposed_count,
        persisting_count,
        exposed_premium,
        persisting_premium,
        reinstated_premium,
        {{ ratio('persisting_count', 'exposed_count') }} as rate_count,
        {{ ratio('persisting_premium', 'exposed_premium') }} as rate_premium,
        {{ ratio('reinstated_premium', 'exposed_premium') }} as rate_reinstated
    from summed
)

select * from persistency
