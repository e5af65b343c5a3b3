-- Which records a policy names, and as what; records that are gone too.
with named as (
    select
        'core_life' as source_system,
        policy_no,
        client_id as source_record_id,
        role = 'HOLDER' as is_holder,
        coalesce(relation_to_holder = 'SPOUSE', false) as is_spouse
    from {{ ref('stg_core_life__policy_party') }}
    union all
    -- Holder and insured apart: one join on either of two columns would be a nested loop.
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
        coalesce(relation = 'SPOUSE', false) as is_spouse
    from {{ ref('stg_core_banca__poly') }}
),

int_identity__party as (
    select
        named.source_system || '|' || named.policy_no as policy,
        records.record_no,
        bool_or(named.is_holder) as is_holder,
        bool_or(named.is_spouse) as is_spouse
    from named
    inner join {{ ref('int_identity__standard_record') }} as records
        on named.source_system = records.source_system and named.source_record_id = records.source_record_id
    group by all
)

select * from int_identity__party
