-- What the two sides say, side by side, so that a steward can decide from this row alone.
with cases as (
    select * from {{ ref('core_steward_case') }}
),

steward_queue as (
    select
        cases.reason,
        cases.guard,
        cases.rule,
        cases.probability,
        cases.rank_in_case,

        a.source_system as source_system_a,
        a.source_record_id as source_record_id_a,
        cases.customer_id_a,
        b.source_system as source_system_b,
        b.source_record_id as source_record_id_b,
        cases.customer_id_b,

        pairs.id_relation,
        pairs.last4_relation,
        pairs.name_relation,
        pairs.mobile_relation,
        pairs.birth_relation,
        pairs.email_relation,
        pairs.address_relation,

        a.name as name_a,
        a.sex as sex_a,
        a.birth_date as birth_date_a,
        a.id_number as id_number_a,
        coalesce(a.is_id_valid, false) as is_id_valid_a,
        a.mobile as mobile_a,
        a.email as email_a,
        a.address as address_a,
        a.changed_at as changed_on_a,
        b.name as name_b,
        b.sex as sex_b,
        b.birth_date as birth_date_b,
        b.id_number as id_number_b,
        coalesce(b.is_id_valid, false) as is_id_valid_b,
        b.mobile as mobile_b,
        b.email as email_b,
        b.address as address_b,
        b.changed_at as changed_on_b
    from cases
    inner join {{ ref('int_identity__person_record') }} as a on cases.record_a = a.record_no
    inner join {{ ref('int_identity__person_record') }} as b on cases.record_b = b.record_no
    left join {{ ref('int_identity__pair') }} as pairs on cases.record_a = pairs.record_a and cases.record_b = pairs.record_b
)

select * from steward_queue
