-- Policies in force of the individual channel that nobody serves, with who is proposed.
with orphan_policy as (
    select
        source_system,
        policy_no,
        customer_id,
        from_agent,
        to_agent,
        reason,
        branch_code,
        tier
    from {{ ref('agent_assignment') }}
    where starts_with(reason, 'ORPHAN_')
)

select * from orphan_policy
