-- Pairs that a person should look at: links that a guard cut, records that are probably but not surely one person, and one
-- ID number under two wholly different names. A pair that a steward decided is settled.
with asked as (
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

-- Of all links only few lead from one cluster to another: those clusters alone are looked into.
across as (
    select
        asked.*,
        a.anchor_no as anchor_a,
        b.anchor_no as anchor_b
    from asked
    inner join {{ ref('int_identity__cluster') }} as a on asked.record_a = a.record_no
    inner join {{ ref('int_identity__cluster') }} as b on asked.record_b = b.record_no
    where a.anchor_no <> b.anchor_no
),

members as (
    select
        clusters.record_no,
        clusters.anchor_no,
        records.id_kind,
        records.id_std,
        records.is_gone
    from {{ ref('int_identity__cluster') }} as clusters
    inner join {{ ref('int_identity__standard_record') }} as records on clusters.record_no = records.record_no
    where
        clusters.anchor_no in (select across.anchor_a from across)
        or clusters.anchor_no in (select across.anchor_b from across)
),

facts as (
    select
        anchor_no,
        count(*) as records,
        max(case when id_kind = 'RIC' then id_std end) as resident_id,
        max(case when id_kind in ('HKMO', 'TW') then id_kind || id_std end) as permit
    from members
    group by anchor_no
),

separated as (
    select
        a.anchor_no as anchor_a,
        b.anchor_no as anchor_b
    from {{ ref('int_identity__strong_link') }} as decisions
    inner join {{ ref('int_identity__cluster') }} as a on decisions.record_a = a.record_no
    inner join {{ ref('int_identity__cluster') }} as b on decisions.record_b = b.record_no
    where decisions.rule = 'STEWARD_SEPARATE'
    union
    select
        b.anchor_no as anchor_a,
        a.anchor_no as anchor_b
    from {{ ref('int_identity__strong_link') }} as decisions
    inner join {{ ref('int_identity__cluster') }} as a on decisions.record_a = a.record_no
    inner join {{ ref('int_identity__cluster') }} as b on decisions.record_b = b.record_no
    where decisions.rule = 'STEWARD_SEPARATE'
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
        across.record_a,
        across.record_b,
        across.cause,
        across.rule,
        cast(across.weight as double) as weight,
        case
            when across.cause <> 'CUT' then null
            when separated.anchor_a is not null then 'STEWARD_SEPARATE'
            when facts_a.resident_id <> facts_b.resident_id then 'TWO_IDS'
            when facts_a.permit <> facts_b.permit then 'TWO_PERMITS'
            when facts_a.records + facts_b.records > {{ identity_parameter('largest_cluster') }} then 'TOO_LARGE'
            else 'UNLIKE_PERSONS'
        end as guard
    from across
    inner join members as a on across.record_a = a.record_no
    inner join members as b on across.record_b = b.record_no
    inner join facts as facts_a on across.anchor_a = facts_a.anchor_no
    inner join facts as facts_b on across.anchor_b = facts_b.anchor_no
    left join separated on across.anchor_a = separated.anchor_a and across.anchor_b = separated.anchor_b
    left join decided on across.record_a = decided.record_a and across.record_b = decided.record_b
    where not a.is_gone and not b.is_gone and decided.record_a is null
)

select * from int_identity__cut_link
