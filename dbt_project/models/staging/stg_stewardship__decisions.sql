with current_decisions as (
    {{ current_rows('stewardship__decisions') }}
),

stg_stewardship__decisions as (
    select
        decision_id,
        action,
        system_a,
        record_a,
        system_b,
        record_b,
        reason,
        decided_by,
        decided_at,
        {{ lineage() }}
    from current_decisions
)

select * from stg_stewardship__decisions
