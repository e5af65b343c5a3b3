-- A policy is on the radar once, so what agents, partners and banks have at risk adds up to the annualised premium at risk.
with served as (
    select
        sum(policies) as policies,
        sum(premium_at_risk) as premium_at_risk
    from {{ ref('lapse_radar_agent') }}
),

radar as (
    select distinct
        source_system,
        policy_no
    from {{ ref('lapse_radar') }}
),

listed as (
    select
        count(*) as policies,
        sum(policy.annualised_premium) as premium_at_risk
    from {{ ref('policy') }} as policy
    inner join radar
        on policy.source_system = radar.source_system and policy.policy_no = radar.policy_no
)

select
    listed.policies,
    served.policies as served_policies
from listed
cross join served
where
    coalesce(served.policies, 0) != listed.policies
    or coalesce(served.premium_at_risk, 0) != coalesce(listed.premium_at_risk, 0)
