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

-- Two anchors are compared by their difference, so that links are followed first: joined by anchor, all records of a cluster
-- would meet each other.
inside as (
    select
        links.record_a,
        links.record_b,
        links.rule,
        links.weight
    from {{ ref('int_identity__link') }} as links
    inner join members as a on links.record_a = a.record_no
    inner join members as b on links.record_b = b.record_no
    where a.anchor_no - b.anchor_no = 0 and links.rule <> 'STEWARD_SEPARATE'
),

both_ways as (
    select
        record_a as record_no,
        { 'weight': weight, 'nearest': -record_b, 'rule': rule } as link
    from inside
    union all
    select
        record_b as record_no,
        { 'weight': weight, 'nearest': -record_a, 'rule': rule } as link
    from inside
),

strongest as (
    select
        record_no,
        max(link) as link
    from both_ways
    group by record_no
),

int_identity__customer_record as (
    select
        members.source_system,
        members.source_record_id,
        members.record_key,
        customers.customer_id,
        coalesce(strongest.link['rule'], 'ALONE') as match_rule,
        cast(coalesce(strongest.link['weight'], 1) as double) as match_score,
        others.record_key as matched_to
    from members
    inner join customers on members.anchor_no = customers.anchor_no
    left join strongest on members.record_no = strongest.record_no
    left join members as others on -strongest.link['nearest'] = others.record_no
)

select * from int_identity__customer_record
