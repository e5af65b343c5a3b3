-- Family as policies tell it, seen from both sides: a holder's child has the holder as a parent. Where policies disagree,
-- what most of them say counts.
with named as (
    select
        policy.holder_customer_id as holder_id,
        parties.customer_id as party_id,
        parties.relation_to_holder as relation,
        parties.source_system,
        parties.policy_no
    from {{ ref('core_policy_party') }} as parties
    inner join {{ ref('core_policy') }} as policy
        on parties.source_system = policy.source_system and parties.policy_no = policy.policy_no
    where
        policy.is_counted
        and parties.relation_to_holder in ('SPOUSE', 'CHILD', 'PARENT')
        and policy.holder_customer_id != parties.customer_id
),

both_ways as (
    select
        holder_id as customer_id,
        party_id as relative_customer_id,
        relation,
        source_system,
        policy_no
    from named
    union all
    select
        party_id as customer_id,
        holder_id as relative_customer_id,
        case relation when 'CHILD' then 'PARENT' when 'PARENT' then 'CHILD' else relation end as relation,
        source_system,
        policy_no
    from named
),

counted as (
    select
        customer_id,
        relative_customer_id,
        relation,
        count(distinct source_system || ':' || policy_no) as policies
    from both_ways
    group by customer_id, relative_customer_id, relation
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, relative_customer_id
            -- The same choice from both sides: of a tie between CHILD and PARENT neither side may be both.
            order by
                policies desc,
                relation = 'SPOUSE' desc,
                (relation = 'CHILD') = (customer_id < relative_customer_id) desc
        ) as nth
    from counted
),

customer_family as (
    select
        customer_id,
        relative_customer_id,
        relation,
        policies
    from ranked
    where nth = 1
)

select * from customer_family
