-- Pairs that a person should look at: links that a guard cut, records that are probably but not surely one person, and one
-- ID number under two wholly different names. A pair that a steward decided is settled.
with clusters as (
    select
        clusters.record_no,
        clusters.anchor_no,
        records.id_kind,
        records.id_std,
        records.is_gone
    from {{ ref('int_identity__cluster') }} as clusters
    inner join {{ ref('int_identity__standard_record') }} as records on clusters.record_no = records.record_no
),

facts as (
    select
        anchor_no,
        count(*) as records,
        max(case when id_kind = 'RIC' then id_std end) as resident_id,
        max(case when id_kind in ('HKMO', 'TW') then id_kind || id_std end) as permit
    from clusters
    group by anchor_no
),

separated as (
    select
        a.anchor_no as anchor_a,
        b.anchor_no as anchor_b
    from {{ ref('int_identity__strong_link') }} as decisions
    inner join clusters as a on decisions.record_a = a.record_no
    inner join clusters as b on decisions.record_b = b.record_no
    where decisions.rule = 'STEWARD_SEPARATE'
    union
    select
        b.anchor_no as anchor_a,
        a.anchor_no as anchor_b
    from {{ ref('int_identity__strong_link') }} as decisions
    inner join clusters as a on decisions.record_a = a.record_no
    inner join clusters as b on decisions.record_b = b.record_no
    where decisions.rule = 'STEWARD_SEPARATE'
),

asked as (
    select
        record_a,
        record_b,
        rule,
        weight,
        'CUT' as cause
    from {{ ref('int_identity__link') }}
    where rule <> 'STEWARD_SEPARATE'
    union all
    select
        least(record_no, other_no) as record_a,
        greatest(record_no, other_no) as record_b,
        rule,
        probability as weight,
        'BORDERLINE' as cause
    from {{ ref('int_identity__weak_link') }}
    where not is_merged and probability >= {{ identity_parameter('review_at') }}
    union all
    select
        record_a,
        record_b,
        rule,
        0.5 as weight,
        'ONE_ID_TWO_NAMES' as cause
    from {{ ref('int_identity__pair') }}
    where rule = 'REVIEW_ID_TWO_NAMES'
),

decided as (
    select
        record_a,
        record_b
    from {{ ref('int_identity__strong_link') }}
    where starts_with(rule, 'STEWARD_')
),

int_identity__cut_link as (
    select
        asked.record_a,
        asked.record_b,
        asked.cause,
        asked.rule,
        cast(asked.weight as double) as weight,
        case
            when asked.cause <> 'CUT' then null
            when separated.anchor_a is not null then 'STEWARD_SEPARATE'
            when facts_a.resident_id <> facts_b.resident_id then 'TWO_IDS'
            when facts_a.permit <> facts_b.permit then 'TWO_PERMITS'
            when facts_a.records + facts_b.records > {{ identity_parameter('largest_cluster') }} then 'TOO_LARGE'
            else 'UNLIKE_PERSONS'
        end as guard
    from asked
    inner join clusters as a on asked.record_a = a.record_no
    inner join clusters as b on asked.record_b = b.record_no
    inner join facts as facts_a on a.anchor_no = facts_a.anchor_no
    inner join facts as facts_b on b.anchor_no = facts_b.anchor_no
    left join separated on a.anchor_no = separated.anchor_a and b.anchor_no = separated.anchor_b
    left join decided on asked.record_a = decided.record_a and asked.record_b = decided.record_b
    where a.anchor_no <> b.anchor_no and not a.is_gone and not b.is_gone and decided.record_a is null
)

select * from int_identity__cut_link
