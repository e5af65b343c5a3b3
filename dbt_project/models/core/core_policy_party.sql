-- core_banca delivers the two parties as columns of the policy: here they are rows like core_life's.
with life_parties as (
    select
        source_system,
        policy_no,
        role,
        seq,
        client_id as source_record_id,
        relation_to_holder,
        share_pct
    from {{ ref('stg_core_life__policy_party') }}
),

banca_policies as (
    select * from {{ ref('stg_core_banca__poly') }}
),

banca_parties as (
    select
        source_system,
        policy_no,
        'HOLDER' as role,
        1 as seq,
        holder_cust_no as source_record_id,
        'SELF' as relation_to_holder,
        null as share_pct
    from banca_policies
    where holder_cust_no is not null
    union all
    select
        source_system,
        policy_no,
        'INSURED' as role,
        1 as seq,
        insured_cust_no as source_record_id,
        relation as relation_to_holder,
        null as share_pct
    from banca_policies
    where insured_cust_no is not null
),

parties as (
    select * from life_parties
    union all
    select * from banca_parties
),

policy_party as (
    select
        parties.source_system,
        parties.policy_no,
        parties.role,
        parties.seq,
        parties.source_record_id,
        records.customer_id,
        parties.relation_to_holder,
        parties.share_pct,
        row_number() over (
            partition by parties.source_system, parties.policy_no, parties.role order by parties.seq
        ) = 1 as is_first
    from parties
    left join {{ ref('int_identity__customer_record') }} as records
        on parties.source_system = records.source_system and parties.source_record_id = records.source_record_id
)

select * from policy_party
