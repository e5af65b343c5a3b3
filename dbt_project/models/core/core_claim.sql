with claim as (
    select
        source_system,
        claim_no,
        policy_no,
        client_id,
        claim_type,
        reported_on,
        decided_on,
        decision,
        amount_paid
    from {{ ref('stg_core_life__claim') }}
)

select * from claim
