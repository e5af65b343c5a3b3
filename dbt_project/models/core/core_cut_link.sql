-- Links that were found and not followed, since a guard forbade the cluster that they would make; and which guard it was.
with cut as (
    select
        links.record_a,
        links.record_b,
        links.rule,
        links.weight,
        a.anchor_no as anchor_a,
        b.anchor_no as anchor_b
    from {{ ref('int_identity__link') }} as links
    inner join {{ ref('int_identity__cluster') }} as a on links.record_a = a.record_no
    inner join {{ ref('int_identity__cluster') }} as b on links.record_b = b.record_no
    where links.rule != 'STEWARD_SEPARATE' and a.anchor_no != b.anchor_no
),

-- What the clusters on both sides of a cut claim, as far as their records are current.
claims as (
    select
        clusters.anchor_no,
        count(*) as records,
        {{ text_list('records.id_std') }} filter (where records.id_kind = 'RIC') as ids,
        {{ text_list('records.id_std') }} filter (where records.id_kind = 'HKMO') as permits
    from {{ ref('int_identity__cluster') }} as clusters
    inner join {{ ref('int_identity__standard_record') }} as records on clusters.record_no = records.record_no
    where
        clusters.anchor_no in (select cut.anchor_a from cut)
        or clusters.anchor_no in (select cut.anchor_b from cut)
    group by clusters.anchor_no
),

separated as (
    select distinct
        least(a.anchor_no, b.anchor_no) as anchor_least,
        greatest(a.anchor_no, b.anchor_no) as anchor_greatest
    from {{ ref('int_identity__link') }} as links
    inner join {{ ref('int_identity__cluster') }} as a on links.record_a = a.record_no
    inner join {{ ref('int_identity__cluster') }} as b on links.record_b = b.record_no
    where links.rule = 'STEWARD_SEPARATE'
),

cut_link as (
    select
        cut.record_a,
        cut.record_b,
        cut.rule,
        cut.weight,
        case
            when separated.anchor_least is not null then 'STEWARD_SEPARATE'
            when {{ set_relation('a.ids', 'b.ids') }} = 'different' then 'TWO_VALID_IDS'
            when {{ set_relation('a.permits', 'b.permits') }} = 'different' then 'TWO_PERMITS'
            when a.records + b.records > 40 then 'TOO_MANY_RECORDS'
            else 'UNLIKE_PERSONS'
        end as guard
    from cut
    inner join claims as a on cut.anchor_a = a.anchor_no
    inner join claims as b on cut.anchor_b = b.anchor_no
    left join separated
        on
            least(cut.anchor_a, cut.anchor_b) = separated.anchor_least
            and greatest(cut.anchor_a, cut.anchor_b) = separated.anchor_greatest
)

select * from cut_link
