with current_claim as (
    {{ current_rows('core_life__claim', deletable=true) }}
),

stg_core_life__claim as (
    select
        claim_no,
        policy_no,
        client_id,
        claim_type,
        reported_on,
        decided_on,
        decision,
        amount_paid,
        updated_at,
        {{ lineage() }}
    from current_claim
)

select * from stg_core_life__claim
