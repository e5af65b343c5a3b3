-- The customer of each CRM row: that of the current record its `who` names, or of the person record the row itself is.
with int_identity__crm_link as (
    select
        rows.kind,
        rows.row_id,
        coalesce(own.customer_id, named.customer_id) as customer_id,
        case when own.customer_id is not null then own.record_key else named.record_key end as record_key
    from {{ ref('int_identity__crm_row') }} as rows
    left join {{ ref('int_identity__customer_record') }} as own
        on own.source_system = 'crm' and rows.source_record_id = own.source_record_id
    left join {{ ref('int_identity__customer_record') }} as named
        on rows.who_system = named.source_system and rows.who_record_id = named.source_record_id
    where own.customer_id is not null or named.customer_id is not null
)

select * from int_identity__crm_link
