-- Agents who may be given customers, with how many each serves now.
{{ config(schema='core', contract={'enforced': false}) }}

with served as (
    select
        serving_agent_code as agent_code,
        count(distinct holder_customer_id) as customers
    from {{ ref('core_policy') }}
    where channel = 'IND' and is_in_force
    group by serving_agent_code
),

assignment_agent as (
    select
        agent.agent_code,
        agent.branch_code,
        agent_grade.grade,
        rule.rule_order as grade_order,
        coalesce(served.customers, 0) as customers,
        cast(parameter.value as integer) as capacity
    from {{ ref('core_agent') }} as agent
    inner join {{ ref('agent_grade') }} as agent_grade on agent.agent_code = agent_grade.agent_code
    inner join {{ ref('agent_grade_rule') }} as rule on agent_grade.grade = rule.grade and {{ valid_on('rule', as_of()) }}
    inner join {{ ref('assignment_parameter') }} as parameter
        on parameter.parameter = 'capacity' and {{ valid_on('parameter', as_of()) }}
    left join served on agent.agent_code = served.agent_code
    where agent.is_employed and agent.branch_code is not null
)

select * from assignment_agent
