-- Persistency of what was observed in twelve months, for each of the last thirteen closed months: the newest, its year
-- before and all between. Dimensions are those at issue, as in `persistency`.
with monthly as (
    select
        month_k,
        {{ month_of('observation_on') }} as observed_month,
        channel,
        branch_code,
        partner_code,
        agent_code,
        bank_code,
        count(*) as exposed_count,
        count(*) filter (where is_persisting) as persisting_count,
        coalesce(sum(annualised_premium), 0) as exposed_premium,
        coalesce(sum(annualised_premium) filter (where is_persisting), 0) as persisting_premium,
        coalesce(sum(annualised_premium) filter (where is_persisting_reinstated), 0) as reinstated_premium
    from {{ ref('core_persistency_observation') }}
    where is_exposed and observation_on > {{ add_months(first_closed_day(), -13) }}
    group by month_k, {{ month_of('observation_on') }}, channel, branch_code, partner_code, agent_code, bank_code
),

months as (
    {{ month_starts(add_months(last_closed_day(), -12), last_closed_day()) }}
),

summed as (
    select
        months.month_start as month,
        monthly.month_k,
        monthly.channel,
        monthly.branch_code,
        monthly.partner_code,
        monthly.agent_code,
        monthly.bank_code,
        cast(sum(monthly.exposed_count) as bigint) as exposed_count,
        cast(sum(monthly.persisting_count) as bigint) as persisting_count,
        cast(sum(monthly.exposed_premium) as decimal(38, 2)) as exposed_premium,
        cast(sum(monthly.persisting_premium) as decimal(38, 2)) as persisting_premium,
        cast(sum(monthly.reinstated_premium) as decimal(38, 2)) as reinstated_premium
    from months
    inner join monthly
        on
            months.month_start >= monthly.observed_month
            and monthly.observed_month >= {{ add_months('months.month_start', -11) }}
    group by
        months.month_start,
        monthly.month_k,
        monthly.channel,
        monthly.branch_code,
        monthly.partner_code,
        monthly.agent_code,
        monthly.bank_code
),

persistency_rolling as (
    select
        *,
        {{ ratio('persisting_count', 'exposed_count') }} as rate_count,
        {{ ratio('persisting_premium', 'exposed_premium') }} as rate_premium,
        {{ ratio('reinstated_premium', 'exposed_premium') }} as rate_reinstated
    from summed
)

select * from persistency_rolling
