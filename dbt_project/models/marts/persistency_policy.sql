with persistency_policy as (
    select
        source_system,
        policy_no,
        month_k,
        anniversary,
        observation_on,
        is_exposed,
        is_persisting,
        is_persisting_reinstated,
        annualised_premium
    from {{ ref('core_persistency_observation') }}
)

select * from persistency_policy
