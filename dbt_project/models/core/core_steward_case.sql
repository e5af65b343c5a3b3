-- Pairs of records that a steward should look at: links that a guard cut, pairs likely but not sure enough to merge, and one
-- ID number under two wholly different names. A pair that a steward decided on is none, nor is one of two customers whom a
-- steward separated.
with records as (
    select
        persons.record_no,
        persons.record_key,
        links.customer_id
    from {{ ref('int_identity__person_record') }} as persons
    inner join {{ ref('int_identity__customer_record') }} as links on persons.record_key = links.record_key
),

found as (
    select
        record_a,
        record_b,
        rule,
        weight as probability,
        'CUT' as reason,
        guard,
        1 as priority
    from {{ ref('core_cut_link') }}
    union all
    select
        record_a,
        record_b,
        rule,
        cast(null as double) as probability,
        'ID_TWO_NAMES' as reason,
        cast(null as varchar) as guard,
        2 as priority
    from {{ ref('int_identity__pair') }}
    where rule = 'REVIEW_ID_TWO_NAMES'
    union all
    select
        pairs.record_a,
        pairs.record_b,
        pairs.rule,
        evidence.probability,
        'BORDERLINE' as reason,
        cast(null as varchar) as guard,
        4 as priority
    from {{ ref('int_identity__pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
    union all
    -- Sure enough by itself, but somebody else may be meant as well.
    select
        least(pairs.record_no, pairs.other_record_no) as record_a,
        greatest(pairs.record_no, pairs.other_record_no) as record_b,
        pairs.rule,
        evidence.probability,
        case when evidence.probability >= {{ identity_parameter('link_at') }} then 'DOUBTED' else 'BORDERLINE' end as reason,
        cast(null as varchar) as guard,
        case when evidence.probability >= {{ identity_parameter('link_at') }} then 3 else 4 end as priority
    from {{ ref('int_identity__weak_pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
),

worth_a_look as (
    select *
    from found
    where
        reason in ('CUT', 'ID_TWO_NAMES')
        or probability >= (
            select cast(parameters.value as double) from {{ ref('steward_parameter') }} as parameters
            where parameters.parameter = 'review_at' and {{ valid_on('parameters', as_of()) }}
        )
),

one_a_pair as (
    select
        *,
        row_number() over (partition by record_a, record_b order by priority asc, probability desc, rule asc) as nth
    from worth_a_look
),

decided as (
    select
        record_key_a,
        record_key_b,
        action,
        customer_id_a,
        customer_id_b
    from {{ ref('core_steward_decision') }}
    where effect in ('IN_FORCE', 'NOT_FOLLOWED')
),

apart as (
    select distinct
        least(customer_id_a, customer_id_b) as customer_least,
        greatest(customer_id_a, customer_id_b) as customer_greatest
    from decided
    where action = 'SEPARATE'
),

steward_case as (
    select
        pairs.record_a,
        pairs.record_b,
        a.record_key as record_key_a,
        b.record_key as record_key_b,
        a.customer_id as customer_id_a,
        b.customer_id as customer_id_b,
        pairs.reason,
        pairs.guard,
        pairs.rule,
        pairs.probability,
        row_number() over (
            partition by least(a.customer_id, b.customer_id), greatest(a.customer_id, b.customer_id)
            order by pairs.priority asc, pairs.probability desc nulls last, pairs.record_a asc, pairs.record_b asc
        ) as rank_in_case
    from one_a_pair as pairs
    inner join records as a on pairs.record_a = a.record_no
    inner join records as b on pairs.record_b = b.record_no
    left join decided as this_pair
        on
            least(a.record_key, b.record_key) = least(this_pair.record_key_a, this_pair.record_key_b)
            and greatest(a.record_key, b.record_key) = greatest(this_pair.record_key_a, this_pair.record_key_b)
    left join apart
        on
            least(a.customer_id, b.customer_id) = apart.customer_least
            and greatest(a.customer_id, b.customer_id) = apart.customer_greatest
    where
        pairs.nth = 1
        and this_pair.action is null
        and apart.customer_least is null
        and (a.customer_id != b.customer_id or pairs.reason = 'ID_TWO_NAMES')
)

select * from steward_case
