-- What a partner or a bank has of persons: the rows of its workbook or its referrals, and the client records that are
-- parties of its policies. Of a client record, which other channels share, only what the policy's application told it: who
-- it is (name, identity document), never a mobile that may have come by another channel. Customers who agreed to
-- CROSS_CHANNEL_SHARING are not here: they are grouped as the whole company knows them. One row per recipient and record.
with silent_records as (
    select
        persons.*,
        links.customer_id
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('core_customer') }} as customer on links.customer_id = customer.customer_id
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
    where not customer.has_sharing_consent
),

own_policies as (
    select
        case when channel = 'BANCA' then bank_code else partner_code end as scope,
        source_system,
        holder_record_id,
        insured_record_id
    from {{ ref('core_policy') }}
    where (channel = 'BRK' and partner_code is not null) or (channel = 'BANCA' and bank_code is not null)
),

units as (
    select
        coalesce(partner_code, bank_code) as scope,
        record_key,
        true as is_row
    from silent_records
    where source_system in ('channel_broker', 'channel_banca') and coalesce(partner_code, bank_code) is not null
    union
    select
        scope,
        source_system || ':' || holder_record_id as record_key,
        false as is_row
    from own_policies
    where holder_record_id is not null
    union
    select
        scope,
        source_system || ':' || insured_record_id as record_key,
        false as is_row
    from own_policies
    where insured_record_id is not null
),

own_unit as (
    select
        row_number() over (order by units.scope, units.record_key) as unit_no,
        units.scope,
        units.record_key,
        units.is_row,
        silent_records.record_no,
        silent_records.source_system,
        silent_records.source_record_id,
        silent_records.customer_id,
        silent_records.name_std,
        silent_records.name_sound,
        silent_records.id_kind,
        silent_records.id_std,
        silent_records.is_id_valid,
        silent_records.id_last4,
        case when units.is_row and silent_records.is_mobile_valid then silent_records.mobile_std end as mobile_std
    from units
    inner join silent_records on units.record_key = silent_records.record_key
)

select * from own_unit
