with partner as (
    select
        partner_code,
        name,
        credit_code,
        life_business_since,
        admitted_on,
        management_life_years,
        alignment_score,
        registered_agents,
        annual_life_premium,
        state
    from {{ ref('stg_channel_broker__partners') }}
)

select * from partner
