-- The id hashes the customer who was seen first, so it survives a rebuild; nobody is merged by it.
with members as (
    select
        grouped.customer_id,
        grouped.group_no,
        count(*) over (partition by grouped.group_no) as members,
        first_value(grouped.customer_id) over (
            partition by grouped.group_no order by customers.first_seen_on, grouped.customer_id
        ) as first_customer_id
    from {{ ref('core_household_group') }} as grouped
    inner join {{ ref('core_customer') }} as customers on grouped.customer_id = customers.customer_id
),

both_ways as (
    select
        customer_id_a as customer_id,
        customer_id_b as other_customer_id,
        kind
    from {{ ref('core_household_link') }}
    union all
    select
        customer_id_b as customer_id,
        customer_id_a as other_customer_id,
        kind
    from {{ ref('core_household_link') }}
),

-- Links into a group that was taken again by family relations alone tie nobody.
evidence as (
    select
        members.customer_id,
        both_ways.kind
    from members
    inner join both_ways on members.customer_id = both_ways.customer_id
    inner join members as others on both_ways.other_customer_id = others.customer_id and members.group_no = others.group_no
),

kinds as (
    select
        customer_id,
        {{ text_list('kind') }} as joined_by
    from evidence
    group by customer_id
),

household as (
    select
        glife_hmac('household' || chr(31) || members.first_customer_id) as household_id,
        members.customer_id,
        members.members,
        kinds.joined_by
    from members
    inner join kinds on members.customer_id = kinds.customer_id
    where members.members > 1
)

select * from household
