-- Each CRM row with what its `who` says. A `who` that names a record which is current belongs to that record; any other
-- row, and every card, is a person record of its own. Rows of customer_tags have no id but their `who`.
with named_rows as (
    select
        'card' as kind,
        card_id as row_id,
        'card:' || card_id as source_record_id,
        who,
        address,
        agent_code,
        cast(captured_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_crm__cards') }}
    union all
    select
        'activity' as kind,
        activity_id as row_id,
        'activity:' || activity_id as source_record_id,
        who,
        null as address,
        agent_code,
        cast(occurred_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_crm__activities') }}
    union all
    select
        'survey' as kind,
        survey_id as row_id,
        'survey:' || survey_id as source_record_id,
        who,
        null as address,
        null as agent_code,
        cast(answered_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_crm__surveys') }}
    union all
    select
        'complaint' as kind,
        complaint_id as row_id,
        'complaint:' || complaint_id as source_record_id,
        who,
        null as address,
        null as agent_code,
        cast(occurred_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_crm__complaints') }}
    union all
    select
        'consent' as kind,
        consent_id as row_id,
        'consent:' || consent_id as source_record_id,
        who,
        null as address,
        null as agent_code,
        cast(decided_at as date) as changed_at,
        first_seen_on
    from {{ ref('stg_crm__consents') }}
    union all
    select
        'tag' as kind,
        substr({{ sha256_hex('who') }}, 1, 16) as row_id,
        'tag:' || substr({{ sha256_hex('who') }}, 1, 16) as source_record_id,
        who,
        null as address,
        null as agent_code,
        max(cast(tagged_at as date)) as changed_at,
        min(first_seen_on) as first_seen_on
    from {{ ref('stg_crm__customer_tags') }}
    group by who
),

int_identity__crm_row as (
    select
        kind,
        row_id,
        source_record_id,
        {{ json_text('who', 'system') }} as who_system,
        {{ json_text('who', 'record_id') }} as who_record_id,
        {{ json_text('who', 'name') }} as name,
        {{ json_text('who', 'mobile') }} as mobile,
        {{ json_text('who', 'email') }} as email,
        {{ json_text('who', 'id_number') }} as id_number,
        {{ json_text('who', 'birth_date') }} as birth_date_text,
        address,
        agent_code,
        changed_at,
        first_seen_on
    from named_rows
)

select * from int_identity__crm_row
