-- Who serves a customer as a person: the agent of the policy held that counts most. One in force goes before one that is
-- not, then the greater ape, then the lowest policy number.
with held as (
    select
        holder_customer_id as customer_id,
        serving_agent_code as agent_code,
        branch_code,
        row_number() over (
            partition by holder_customer_id order by is_in_force desc, ape desc, source_system asc, policy_no asc
        ) as nth
    from {{ ref('core_policy') }}
    where channel = 'IND' and is_counted and holder_customer_id is not null and serving_agent_code is not null
),

customer_server as (
    select
        held.customer_id,
        held.agent_code,
        coalesce(agent.branch_code, held.branch_code) as branch_code
    from held
    left join {{ ref('core_agent') }} as agent on held.agent_code = agent.agent_code
    where held.nth = 1
)

select * from customer_server
