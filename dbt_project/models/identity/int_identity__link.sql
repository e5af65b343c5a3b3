-- Every link: the strong ones between records, and the weak ones that were each other's first choice.
with int_identity__link as (
    select
        record_a,
        record_b,
        rule,
        weight,
        decided
    from {{ ref('int_identity__strong_link') }}
    union all
    select
        least(record_no, other_no) as record_a,
        greatest(record_no, other_no) as record_b,
        rule,
        probability as weight,
        null as decided
    from {{ ref('int_identity__weak_link') }}
    where is_merged
)

select * from int_identity__link
