with current_evnt as (
    {{ current_rows('core_banca__evnt') }}
),

stg_core_banca__evnt as (
    select
        policy_no,
        event_no,
        {{ in_our_words('event_type', 'banca_event_type') }} as event_type,
        event_on,
        recorded_on,
        {{ lineage() }}
    from current_evnt
)

select * from stg_core_banca__evnt
