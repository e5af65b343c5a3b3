with current_policy_event as (
    {{ current_rows('core_life__policy_event') }}
),

stg_core_life__policy_event as (
    select
        policy_no,
        event_seq,
        event_type,
        event_on,
        recorded_at,
        detail,
        nullif({{ json_text('detail', 'from') }}, '') as agent_from,
        nullif({{ json_text('detail', 'to') }}, '') as agent_to,
        {{ lineage() }}
    from current_policy_event
)

select * from stg_core_life__policy_event
