-- Every figure of the cube, over all cells, is what the core tables hold: a join to holders, tiers or age bands that loses or
-- doubles a policy shows here. Issued policies and premiums are those of policies that were not cancelled.
with policies as (
    select * from {{ ref('core_policy') }}
),

cube as (
    select
        coalesce(sum(policies), 0) as policies,
        coalesce(sum(ape), 0) as ape,
        coalesce(sum(first_premium), 0) as first_premium,
        coalesce(sum(lapses), 0) as lapses,
        coalesce(sum(surrenders), 0) as surrenders,
        coalesce(sum(claims_paid), 0) as claims_paid
    from {{ ref('underwriting_cube') }}
),

issued as (
    select
        count(*) as policies,
        coalesce(sum(ape), 0) as ape
    from policies
    where is_counted and issued_on is not null
),

paid as (
    select coalesce(sum(instalment.amount_paid), 0) as first_premium
    from {{ ref('core_instalment') }} as instalment
    inner join policies
        on instalment.source_system = policies.source_system and instalment.policy_no = policies.policy_no
    where policies.is_counted and instalment.instalment_no = 1 and instalment.paid_on is not null
),

ended as (
    select
        count(*) filter (where event.event_type = 'LAPSE') as lapses,
        count(*) filter (where event.event_type = 'SURRENDER') as surrenders
    from {{ ref('core_policy_event') }} as event
    inner join policies on event.source_system = policies.source_system and event.policy_no = policies.policy_no
    where event.event_on is not null
),

claimed as (
    select coalesce(sum(claim.amount_paid), 0) as claims_paid
    from {{ ref('core_claim') }} as claim
    inner join policies on claim.source_system = policies.source_system and claim.policy_no = policies.policy_no
    where claim.decision = 'PAID' and claim.decided_on is not null
)

select *
from cube
cross join issued
cross join paid
cross join ended
cross join claimed
where
    cube.policies != issued.policies
    or cube.ape != issued.ape
    or cube.first_premium != paid.first_premium
    or cube.lapses != ended.lapses
    or cube.surrenders != ended.surrenders
    or cube.claims_paid != claimed.claims_paid
