-- Pairs of records that a rule makes one person by itself, and what the stewards decided. Weight is the rule's measured
-- probability; stewards overrule every rule, and of their decisions on one pair the newest counts.
with steward as (
    select
        least(a.record_no, b.record_no) as record_a,
        greatest(a.record_no, b.record_no) as record_b,
        decisions.action,
        dense_rank() over (order by decisions.decided_at, decisions.decision_id) as decided,
        row_number() over (
            partition by least(a.record_no, b.record_no), greatest(a.record_no, b.record_no)
            order by decisions.decided_at desc, decisions.decision_id desc
        ) as recency
    from {{ ref('stg_stewardship__decisions') }} as decisions
    inner join {{ ref('int_identity__standard_record') }} as a
        on decisions.system_a = a.source_system and decisions.record_a = a.source_record_id
    inner join {{ ref('int_identity__standard_record') }} as b
        on decisions.system_b = b.source_system and decisions.record_b = b.source_record_id
    where a.record_no <> b.record_no
),

ruled as (
    select
        pairs.record_a,
        pairs.record_b,
        pairs.rule,
        evidence.probability as weight,
        cast(null as bigint) as decided
    from {{ ref('int_identity__pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
    where evidence.probability >= {{ identity_parameter('link_at') }}
),

int_identity__strong_link as (
    select ruled.*
    from ruled
    left join steward on ruled.record_a = steward.record_a and ruled.record_b = steward.record_b and steward.recency = 1
    where steward.action is null
    union all
    select
        record_a,
        record_b,
        'STEWARD_' || action as rule,
        case when action = 'LINK' then 1.0 else 0.0 end as weight,
        decided
    from steward
    where recency = 1
)

select * from int_identity__strong_link
