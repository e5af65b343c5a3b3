-- Who is proposed is employed, of the policy's branch and of a grade that the tier asks for, and serves no more customers than
-- the capacity with everything that is proposed: but an agent who was over it before may keep his own customers.
with served as (
    select
        serving_agent_code as agent_code,
        holder_customer_id as customer_id
    from {{ ref('core_policy') }}
    where channel = 'IND' and is_in_force and holder_customer_id is not null
),

gained as (
    select
        proposals.to_agent,
        count(distinct proposals.customer_id) as customers
    from {{ ref('agent_assignment') }} as proposals
    left join served on proposals.to_agent = served.agent_code and proposals.customer_id = served.customer_id
    where proposals.to_agent is not null and proposals.customer_id is not null and served.customer_id is null
    group by proposals.to_agent
)

select
    gained.to_agent,
    'over capacity' as fault
from gained
left join {{ ref('assignment_agent') }} as agent on gained.to_agent = agent.agent_code
where coalesce(agent.customers + gained.customers > agent.capacity, true)
union all
select
    proposals.to_agent,
    'other branch or grade' as fault
from {{ ref('agent_assignment') }} as proposals
inner join {{ ref('assignment_agent') }} as agent on proposals.to_agent = agent.agent_code
where
    agent.branch_code is distinct from proposals.branch_code
    or coalesce('|' || proposals.required_grades || '|' not like '%|' || agent.grade || '|%', false)
