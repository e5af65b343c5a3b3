-- Completions of unknown agents count too, without level and branch; none is lost or doubled by the join to the agents.
with counted as (
    select coalesce(sum(completions), 0) as completions from {{ ref('agent_training') }}
),

delivered as (
    select
        (select count(*) from {{ ref('stg_channel_individual__training') }})
        + (select count(*) from {{ ref('stg_wechat__learning') }}) as completions
)

select *
from counted
cross join delivered
where counted.completions != delivered.completions
