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
        cause as reason,
        guard,
        rule,
        case when cause != 'ONE_ID_TWO_NAMES' then weight end as probability
    from {{ ref('int_identity__cut_link') }}
    union all
    -- Rules of two records that were measured to be right too seldom to link.
    select
        pairs.record_a,
        pairs.record_b,
        'BORDERLINE' as reason,
        cast(null as varchar) as guard,
        pairs.rule,
        evidence.probability
    from {{ ref('int_identity__pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
    where
        not pairs.is_gone
        and evidence.probability >= {{ identity_parameter('review_at') }}
        and evidence.probability < {{ identity_parameter('link_at') }}
),

one_a_pair as (
    select
        *,
        case reason when 'CUT' then 1 when 'ONE_ID_TWO_NAMES' then 2 else 3 end as priority,
        row_number() over (
            partition by record_a, record_b
            order by case reason when 'CUT' then 1 when 'ONE_ID_TWO_NAMES' then 2 else 3 end asc, probability desc, rule asc
        ) as nth
    from found
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
        and a.customer_id != b.customer_id
)

select * from steward_case
