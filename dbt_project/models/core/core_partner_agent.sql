with partner_agent as (
    select
        partner_code,
        partner_agent_code,
        name,
        licence_no,
        joined_on,
        left_on
    from {{ ref('stg_channel_broker__partner_agents') }}
)

select * from partner_agent
