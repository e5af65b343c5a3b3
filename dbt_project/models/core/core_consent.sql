-- CRM consents of the newest day decide, a refusal on that day wins; for marketing, where CRM has none, the flags of the
-- records that changed last. Sharing between channels is granted by CRM consents alone.
with crm_consents as (
    select
        links.customer_id,
        consents.purpose,
        cast(consents.decided_at as date) as decided_on,
        bool_and(consents.is_granted) as is_granted
    from {{ ref('stg_crm__consents') }} as consents
    inner join {{ ref('int_identity__crm_link') }} as links on consents.consent_id = links.row_id and links.kind = 'consent'
    where consents.purpose is not null and consents.is_granted is not null and links.customer_id is not null
    group by links.customer_id, consents.purpose, cast(consents.decided_at as date)
),

crm_newest as (
    select
        customer_id,
        purpose,
        decided_on,
        is_granted,
        row_number() over (partition by customer_id, purpose order by decided_on desc) as nth
    from crm_consents
),

flags as (
    select
        records.customer_id,
        persons.changed_at as decided_on,
        bool_and(persons.marketing_consent = 'Y') as is_granted
    from {{ ref('int_identity__customer_record') }} as records
    inner join {{ ref('int_identity__person_record') }} as persons on records.record_key = persons.record_key
    where persons.marketing_consent in ('Y', 'N')
    group by records.customer_id, persons.changed_at
),

flags_newest as (
    select
        customer_id,
        decided_on,
        is_granted,
        row_number() over (partition by customer_id order by decided_on desc nulls last) as nth
    from flags
),

consent as (
    select
        customer_id,
        purpose,
        is_granted,
        decided_on,
        'CRM' as decided_by
    from crm_newest
    where nth = 1
    union all
    select
        flags_newest.customer_id,
        'MARKETING' as purpose,
        flags_newest.is_granted,
        flags_newest.decided_on,
        'RECORD' as decided_by
    from flags_newest
    left join crm_newest
        on flags_newest.customer_id = crm_newest.customer_id and crm_newest.purpose = 'MARKETING' and crm_newest.nth = 1
    where flags_newest.nth = 1 and crm_newest.customer_id is null
)

select * from consent
