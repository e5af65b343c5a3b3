-- How much of what is in force the top tenth of the employed agents serves, of all that agents serve or should serve.
with served as (
    select
        serving_agent_code as agent_code,
        holder_customer_id as customer_id,
        ape
    from {{ ref('core_policy') }}
    where channel = 'IND' and is_in_force
),

books as (
    select
        agent.agent_code,
        coalesce(sum(served.ape), 0) as ape
    from {{ ref('core_agent') }} as agent
    left join served on agent.agent_code = served.agent_code
    where agent.is_employed
    group by agent.agent_code
),

ranked as (
    select
        agent_code,
        row_number() over (order by ape desc, agent_code asc) as nth,
        cast(ceil(count(*) over () * 0.1) as integer) as top_agents,
        count(*) over () as agents
    from books
),

counted as (
    select
        max(ranked.agents) as agents,
        max(ranked.top_agents) as top_agents
    from ranked
),

summed as (
    select
        count(distinct served.customer_id) as customers,
        count(distinct served.customer_id) filter (where ranked.agent_code is not null) as top_customers,
        coalesce(sum(served.ape), 0) as ape,
        coalesce(sum(served.ape) filter (where ranked.agent_code is not null), 0) as top_ape
    from served
    left join ranked on served.agent_code = ranked.agent_code and ranked.nth <= ranked.top_agents
),

agent_concentration as (
    select
        {{ as_of() }} as as_of,
        cast(coalesce(counted.agents, 0) as integer) as agents,
        cast(coalesce(counted.top_agents, 0) as integer) as top_agents,
        summed.customers,
        summed.top_customers,
        cast(summed.ape as decimal(38, 3)) as ape,
        cast(summed.top_ape as decimal(38, 3)) as top_ape,
        {{ ratio('summed.top_customers', 'summed.customers') }} as share_customers,
        {{ ratio('summed.top_ape', 'summed.ape') }} as share_ape
    from summed
    cross join counted
)

select * from agent_concentration
