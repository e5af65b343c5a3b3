with current_complaints as (
    {{ current_rows('crm__complaints', with_first_seen=true) }}
),

stg_crm__complaints as (
    select
        complaint_id,
        who,
        policy_no,
        system,
        channel,
        agent_code,
        partner_code,
        category,
        severity,
        occurred_at,
        closed_at,
        {{ lineage(with_first_seen=true) }}
    from current_complaints
)

select * from stg_crm__complaints
