with current_policy_party as (
    {{ current_rows('core_life__policy_party', deletable=true) }}
),

stg_core_life__policy_party as (
    select
        policy_no,
        role,
        seq,
        client_id,
        relation_to_holder,
        share_pct,
        updated_at,
        {{ lineage() }}
    from current_policy_party
)

select * from stg_core_life__policy_party
