with current_cards as (
    {{ current_rows('crm__cards', with_first_seen=true, erasable='card:') }}
),

stg_crm__cards as (
    select
        card_id,
        who,
        company,
        title,
        address,
        captured_at,
        agent_code,
        {{ lineage(with_first_seen=true) }}
    from current_cards
)

select * from stg_crm__cards
