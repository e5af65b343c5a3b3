-- Two persons whom one policy names, by the records that it names: each with the other's. Records that are gone are told too:
-- they keep their place, and whose relative somebody is does not change by their going.
with int_identity__relative as (
    select
        own.record_no,
        relatives.record_no as relative_no,
        bool_or((own.is_holder and relatives.is_spouse) or (own.is_spouse and relatives.is_holder)) as is_spouse
    from {{ ref('int_identity__party') }} as own
    inner join {{ ref('int_identity__party') }} as relatives
        on own.policy = relatives.policy and own.record_no <> relatives.record_no
    group by own.record_no, relatives.record_no
)

select * from int_identity__relative
