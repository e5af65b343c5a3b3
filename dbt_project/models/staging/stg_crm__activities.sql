with current_activities as (
    {{ current_rows('crm__activities', with_first_seen=true) }}
),

stg_crm__activities as (
    select
        activity_id,
        kind,
        who,
        channel,
        agent_code,
        occurred_at,
        note,
        tags,
        needs,
        {{ lineage(with_first_seen=true) }}
    from current_activities
)

select * from stg_crm__activities
