with current_policy as (
    {{ current_rows('core_life__policy', deletable=true) }}
),

stg_core_life__policy as (
    select
        policy_no,
        channel,
        branch_code,
        product_code,
        agent_code,
        partner_code,
        partner_agent_code,
        applied_on,
        issued_on,
        effective_on,
        cooling_off_until,
        status,
        status_on,
        pay_mode,
        pay_term_years,
        cover_term_years,
        modal_premium,
        sum_insured,
        updated_at,
        {{ lineage() }}
    from current_policy
)

select * from stg_core_life__policy
