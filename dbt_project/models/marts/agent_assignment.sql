-- One proposal for each policy that needs another agent.
with agent_assignment as (
    select
        policies.source_system,
        policies.policy_no,
        policies.customer_id,
        policies.from_agent,
        choices.to_agent,
        policies.cause || case when choices.to_agent is null then '_NONE_AVAILABLE' else '' end as reason,
        policies.branch_code,
        cast(policies.tier as integer) as tier,
        policies.required_grades,
        cast(policies.in_force_ape as decimal(38, 3)) as in_force_ape,
        policies.turn
    from {{ ref('assignment_policy') }} as policies
    inner join {{ ref('assignment_choice') }} as choices on policies.turn = choices.turn
)

select * from agent_assignment
