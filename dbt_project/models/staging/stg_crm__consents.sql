with current_consents as (
    {{ current_rows('crm__consents', with_first_seen=true) }}
),

stg_crm__consents as (
    select
        consent_id,
        who,
        purpose,
        granted as is_granted,
        "at" as decided_at,
        {{ lineage(with_first_seen=true) }}
    from current_consents
)

select * from stg_crm__consents
