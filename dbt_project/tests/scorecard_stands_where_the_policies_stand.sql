-- The scorecard makes what stands at a month's end out of changes since the beginning; in the newest month that is what is in
-- force at as_of, counted directly. A change that was lost or taken twice shows here.
with card as (
    select
        holders_in_force,
        policies_in_force,
        in_force_ape
    from {{ ref('scorecard') }}
    where channel = 'ALL' and branch_code = 'ALL' and month = {{ month_of(as_of()) }}
),

in_force as (
    select
        count(distinct holder_customer_id) as holders,
        count(*) as policies,
        coalesce(sum(ape), 0) as ape
    from {{ ref('core_policy') }}
    where is_in_force and holder_customer_id is not null
)

select *
from in_force
left join card on true
where
    coalesce(card.holders_in_force, 0) != in_force.holders
    or coalesce(card.policies_in_force, 0) != in_force.policies
    or coalesce(card.in_force_ape, 0) != in_force.ape
