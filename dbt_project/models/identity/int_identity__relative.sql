-- Two persons whom one policy names, by the records that it names: each with the other's. Records that are gone are told too:
-- they keep their place, and whose relative somebody is does not change by their going.
with parties as (
    select
        'core_life' as source_system,
        policy_no,
        client_id as source_record_id,
        role = 'HOLDER' as is_holder,
        relation_to_holder = 'SPOUSE' as is_spouse
    from {{ ref('stg_core_life__policy_party') }}
    union all
    select
        'core_banca' as source_system,
        policy_no,
        holder_cust_no as source_record_id,
        true as is_holder,
        false as is_spouse
    from {{ ref('stg_core_banca__poly') }}
    union all
    select
        'core_banca' as source_system,
        policy_no,
        insured_cust_no as source_record_id,
        false as is_holder,
        relation = 'SPOUSE' as is_spouse
    from {{ ref('stg_core_banca__poly') }}
),

numbered as (
    select
        parties.source_system,
        parties.policy_no,
        records.record_no,
        bool_or(parties.is_holder) as is_holder,
        bool_or(coalesce(parties.is_spouse, false)) as is_spouse
    from parties
    inner join {{ ref('int_identity__standard_record') }} as records
        on parties.source_system = records.source_system and parties.source_record_id = records.source_record_id
    group by parties.source_system, parties.policy_no, records.record_no
),

int_identity__relative as (
    select
        own.record_no,
        relatives.record_no as relative_no,
        bool_or((own.is_holder and relatives.is_spouse) or (own.is_spouse and relatives.is_holder)) as is_spouse
    from numbered as own
    inner join numbered as relatives
        on
            own.source_system = relatives.source_system and own.policy_no = relatives.policy_no
            and own.record_no <> relatives.record_no
    group by own.record_no, relatives.record_no
)

select * from int_identity__relative
