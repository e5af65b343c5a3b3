-- Every record that describes a person, as its source delivered it, in one shape: the current ones, and those that are gone,
-- whose place in history still anchors the id of their person (they make no customer and link no others). Like every view it
-- leaves the database's name out: whoever opens the build's file calls it otherwise.
{{ config(materialized='view') }}

with crm_rows as (
    select
        -- A row that named a record before the record came was a person record until then.
        rows.kind <> 'card' and elsewhere.source_system is not null as is_gone,
        'crm' as source_system,
        rows.source_record_id,
        rows.name,
        try_cast(rows.birth_date_text as date) as birth_date,
        rows.id_number,
        rows.mobile,
        rows.email,
        rows.address,
        rows.agent_code,
        rows.who_system,
        rows.who_record_id,
        rows.changed_at,
        rows.first_seen_on
    from {{ ref('int_identity__crm_row').include(database=false) }} as rows
    left join {{ ref('int_identity__system_record').include(database=false) }} as elsewhere
        on rows.who_system = elsewhere.source_system and rows.who_record_id = elsewhere.source_record_id
    where rows.kind = 'card' or elsewhere.source_system is null or rows.first_seen_on < elsewhere.first_seen_on
),

records as (
    select
        false as is_gone,
        *
    from {{ ref('int_identity__system_record').include(database=false) }}
    union all by name
    select * from crm_rows
    union all by name
    select
        true as is_gone,
        *
    from {{ ref('int_identity__gone_record').include(database=false) }}
),

int_identity__source_record as (
    select
        source_system || ':' || source_record_id as record_key,
        *
    from records
)

select * from int_identity__source_record
