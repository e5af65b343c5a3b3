with current_partners as (
    {{ current_rows('channel_broker__partners') }}
),

stg_channel_broker__partners as (
    select
        partner_code,
        name,
        credit_code,
        life_business_since,
        admitted_on,
        management_life_years,
        alignment_score,
        registered_agents,
        cast(annual_life_premium * 10000 as decimal(18, 2)) as annual_life_premium,
        state,
        {{ lineage() }}
    from current_partners
)

select * from stg_channel_broker__partners
