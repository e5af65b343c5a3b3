with policy as (
    select
        source_system,
        policy_no,
        channel,
        branch_code,
        product_code,
        product_line,
        holder_customer_id,
        insured_customer_id,
        agent_code,
        serving_agent_code,
        partner_code,
        bank_code,
        outlet_code,
        issued_on,
        effective_on,
        status,
        status_on,
        pay_mode,
        annualised_premium,
        ape,
        is_in_force,
        is_reinstatable
    from {{ ref('core_policy') }}
)

select * from policy
