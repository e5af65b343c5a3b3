-- What policies say of a nucleus's family: whether the spouse is known by some number (then it is less likely that they use each
-- other's), and the birthday of the eldest child, who may be old enough to use it. Records that are gone are told too: whose
-- relative somebody is does not change by their going.
with parties as (
    select
        parties.policy,
        parties.is_holder,
        parties.is_spouse,
        nuclei.nucleus_no
    from {{ ref('int_identity__party') }} as parties
    inner join {{ ref('int_identity__nucleus') }} as nuclei on parties.record_no = nuclei.record_no
),

relatives as (
    select
        own.nucleus_no,
        others.nucleus_no as relative_no,
        bool_or((own.is_holder and others.is_spouse) or (own.is_spouse and others.is_holder)) as is_spouse
    from parties as own
    inner join parties as others on own.policy = others.policy and own.nucleus_no <> others.nucleus_no
    group by own.nucleus_no, others.nucleus_no
),

known as (
    select
        nuclei.nucleus_no,
        coalesce(bool_or(records.is_mobile_valid), false) as has_mobile,
        min(records.birth_date_std) as born_on
    from {{ ref('int_identity__nucleus') }} as nuclei
    inner join {{ ref('int_identity__standard_record') }} as records on nuclei.record_no = records.record_no
    group by nuclei.nucleus_no
),

int_identity__family as (
    select
        relatives.nucleus_no,
        bool_or(relatives.is_spouse and known.has_mobile) as is_spouse_reachable,
        min(known.born_on) filter (
            where not relatives.is_spouse and known.born_on >= own.born_on + {{ adult_age() }}
        ) as eldest_child_born_on
    from relatives
    inner join known as own on relatives.nucleus_no = own.nucleus_no
    inner join known on relatives.relative_no = known.nucleus_no
    group by relatives.nucleus_no
)

select * from int_identity__family
