with life_events as (
    select
        source_system,
        policy_no,
        event_seq,
        event_type,
        event_on,
        recorded_at,
        agent_from,
        agent_to
    from {{ ref('stg_core_life__policy_event') }}
),

banca_events as (
    select
        source_system,
        policy_no,
        event_no as event_seq,
        event_type,
        event_on,
        cast(recorded_on as timestamp) as recorded_at,
        cast(null as varchar) as agent_from,
        cast(null as varchar) as agent_to
    from {{ ref('stg_core_banca__evnt') }}
),

policy_event as (
    select * from life_events
    union all
    select * from banca_events
)

select * from policy_event
