-- Husband and wife, as holder and spouse on a policy, by the records that the policy names: each with the other's.
with couples as (
    select distinct
        'core_life' as source_system,
        holders.client_id as holder_record_id,
        spouses.client_id as spouse_record_id
    from {{ ref('stg_core_life__policy_party') }} as holders
    inner join {{ ref('stg_core_life__policy_party') }} as spouses on holders.policy_no = spouses.policy_no
    where holders.role = 'HOLDER' and spouses.relation_to_holder = 'SPOUSE'
    union all
    select distinct
        'core_banca' as source_system,
        holder_cust_no as holder_record_id,
        insured_cust_no as spouse_record_id
    from {{ ref('stg_core_banca__poly') }}
    where relation = 'SPOUSE'
),

named as (
    select
        holders.record_no as holder_record_no,
        spouses.record_no as spouse_record_no
    from couples
    inner join {{ ref('int_identity__person_record') }} as holders
        on couples.source_system = holders.source_system and couples.holder_record_id = holders.source_record_id
    inner join {{ ref('int_identity__person_record') }} as spouses
        on couples.source_system = spouses.source_system and couples.spouse_record_id = spouses.source_record_id
),

int_identity__couple as (
    select
        holder_record_no as record_no,
        spouse_record_no
    from named
    union
    select
        spouse_record_no as record_no,
        holder_record_no as spouse_record_no
    from named
)

select * from int_identity__couple
