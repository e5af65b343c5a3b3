-- Which customer each record is. The id hashes the anchor, the record of the person that was delivered first, so that it
-- survives a rebuild from nothing; the strongest link says why the record is there.
with members as (
    select
        records.record_no,
        records.record_key,
        records.source_system,
        records.source_record_id,
        clusters.anchor_no
    from {{ ref('int_identity__person_record') }} as records
    inner join {{ ref('int_identity__cluster') }} as clusters on records.record_no = clusters.record_no
    left join {{ ref('int_identity__erased_record') }} as erased on records.record_key = erased.record_key
    where erased.record_key is null
),

customers as (
    select
        record_no as anchor_no,
        glife_hmac('customer' || chr(31) || source_system || chr(31) || source_record_id) as customer_id
    from {{ ref('int_identity__standard_record') }}
    where record_no in (select members.anchor_no from members)
),

both_ways as (
    select
        record_a as record_no,
        record_b as other_no,
        rule,
        weight
    from {{ ref('int_identity__link') }}
    where rule <> 'STEWARD_SEPARATE'
    union all
    select
        record_b as record_no,
        record_a as other_no,
        rule,
        weight
    from {{ ref('int_identity__link') }}
    where rule <> 'STEWARD_SEPARATE'
),

strongest as (
    select
        members.record_no,
        both_ways.rule,
        both_ways.weight,
        others.record_key as matched_to,
        row_number() over (partition by members.record_no order by both_ways.weight desc, both_ways.other_no asc) as strength_rank
    from members
    inner join both_ways on members.record_no = both_ways.record_no
    inner join members as others on both_ways.other_no = others.record_no and members.anchor_no = others.anchor_no
),

int_identity__customer_record as (
    select
        members.source_system,
        members.source_record_id,
        members.record_key,
        customers.customer_id,
        coalesce(strongest.rule, 'ALONE') as match_rule,
        cast(coalesce(strongest.weight, 1) as double) as match_score,
        strongest.matched_to
    from members
    inner join customers on members.anchor_no = customers.anchor_no
    left join strongest on members.record_no = strongest.record_no and strongest.strength_rank = 1
)

select * from int_identity__customer_record
