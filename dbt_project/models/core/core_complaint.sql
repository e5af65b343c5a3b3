-- Complaints with whom they concern: agent and branch are the complaint's own where delivered, else those of its policy,
-- else those of who serves the customer, else unknown. A complaint of an erased person stays, with no person.
with complaints as (
    select * from {{ ref('stg_crm__complaints') }}
),

links as (
    select * from {{ ref('int_identity__crm_link') }}
    where kind = 'complaint'
),

complaint as (
    select
        complaints.complaint_id,
        links.customer_id,
        complaints.channel,
        coalesce(complaints.agent_code, policy.serving_agent_code, server.agent_code) as agent_code,
        coalesce(policy.branch_code, server.branch_code) as branch_code,
        complaints.partner_code,
        policy.source_system as policy_source_system,
        policy.policy_no,
        complaints.category,
        complaints.severity,
        cast(complaints.occurred_at as date) as occurred_on,
        cast(complaints.closed_at as date) as closed_on
    from complaints
    left join links on complaints.complaint_id = links.row_id
    left join {{ ref('core_policy') }} as policy
        on complaints.system = policy.source_system and complaints.policy_no = policy.policy_no
    left join {{ ref('core_customer_server') }} as server on links.customer_id = server.customer_id
)

select * from complaint
