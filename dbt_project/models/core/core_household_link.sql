-- What makes two customers one household: a family relation on a policy, or one address. An address that many customers have
-- (a dormitory, an office) makes no household.
with holders as (
    select
        source_system,
        policy_no,
        customer_id
    from {{ ref('core_policy_party') }}
    where role = 'HOLDER' and is_first and customer_id is not null
),

relations as (
    select
        holders.customer_id as holder_customer_id,
        parties.customer_id as relative_customer_id,
        parties.relation_to_holder as kind,
        count(*) as evidence
    from {{ ref('core_policy_party') }} as parties
    inner join holders on parties.source_system = holders.source_system and parties.policy_no = holders.policy_no
    where
        parties.relation_to_holder in ('SPOUSE', 'CHILD', 'PARENT')
        and parties.customer_id != holders.customer_id
    group by holders.customer_id, parties.customer_id, parties.relation_to_holder
),

addresses as (
    select
        customer_id,
        {{ dwelling_key('value') }} as dwelling
    from {{ ref('core_customer_value') }}
    where attribute = 'address'
),

dwellings as (
    select
        dwelling,
        count(*) as customers
    from addresses
    where dwelling is not null
    group by dwelling
    having count(*) between 2 and {{ household_parameter('address_limit') }}
),

neighbours as (
    select
        a.customer_id as customer_id_a,
        b.customer_id as customer_id_b,
        'ADDRESS' as kind,
        1 as evidence
    from addresses as a
    inner join dwellings on a.dwelling = dwellings.dwelling
    inner join addresses as b on a.dwelling = b.dwelling and a.customer_id < b.customer_id
),

household_link as (
    select
        least(holder_customer_id, relative_customer_id) as customer_id_a,
        greatest(holder_customer_id, relative_customer_id) as customer_id_b,
        kind,
        holder_customer_id,
        evidence
    from relations
    union all
    select
        customer_id_a,
        customer_id_b,
        kind,
        cast(null as varchar) as holder_customer_id,
        evidence
    from neighbours
)

select * from household_link
