-- Every link: the strong ones between records, and the weak ones that were a first choice (of both, by the likelier rule).
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
        {{ newest_of('rule', 'true', '(probability, rule)') }} as rule,
        max(probability) as weight,
        null as decided
    from {{ ref('int_identity__weak_link') }}
    where is_merged
    group by least(record_no, other_no), greatest(record_no, other_no)
)

select * from int_identity__link
