-- The records of a nucleus that weak evidence gives to another person with a probability short of a merge.
with likely as (
    select
        nucleus_no,
        other_nucleus_no,
        rule,
        probability
    from {{ ref('int_identity__weak_link') }}
    where is_probable and not is_merged
),

members as (
    select
        nuclei.nucleus_no,
        records.source_system,
        records.source_record_id,
        customers.customer_id
    from {{ ref('int_identity__nucleus') }} as nuclei
    inner join {{ ref('int_identity__person_record') }} as records on nuclei.record_no = records.record_no
    inner join {{ ref('int_identity__customer_record') }} as customers on records.record_key = customers.record_key
),

core_probable_link as (
    select
        members.source_system,
        members.source_record_id,
        persons.customer_id,
        cast(likely.probability as double) as probability,
        likely.rule || ': ' || evidence.meaning as why
    from likely
    inner join members on likely.nucleus_no = members.nucleus_no
    -- A nucleus is named by its first record; where that is erased, nobody is left to point to.
    inner join {{ ref('int_identity__person_record') }} as firsts on likely.other_nucleus_no = firsts.record_no
    inner join {{ ref('int_identity__customer_record') }} as persons on firsts.record_key = persons.record_key
    inner join {{ ref('identity_evidence') }} as evidence on likely.rule = evidence.rule
    where members.customer_id <> persons.customer_id
)

select * from core_probable_link
