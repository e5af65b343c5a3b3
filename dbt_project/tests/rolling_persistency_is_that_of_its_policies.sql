-- The newest twelve months, summed over every dimension, are the exposed policies observed in them.
with rolled as (
    select
        month_k,
        sum(exposed_count) as exposed_count,
        sum(persisting_premium) as persisting_premium
    from {{ ref('persistency_rolling') }}
    where month = {{ month_of(last_closed_day()) }}
    group by month_k
),

observed as (
    select
        month_k,
        count(*) as exposed_count,
        coalesce(sum(annualised_premium) filter (where is_persisting), 0) as persisting_premium
    from {{ ref('persistency_policy') }}
    where is_exposed and observation_on between {{ first_closed_day() }} and {{ last_closed_day() }}
    group by month_k
)

select
    observed.month_k,
    observed.exposed_count,
    rolled.exposed_count as rolled_count
from observed
full outer join rolled on observed.month_k = rolled.month_k
where
    rolled.exposed_count is distinct from observed.exposed_count
    or rolled.persisting_premium is distinct from observed.persisting_premium
