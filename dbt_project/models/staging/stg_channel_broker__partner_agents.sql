with current_partner_agents as (
    {{ current_rows('channel_broker__partner_agents') }}
),

stg_channel_broker__partner_agents as (
    select
        partner_code,
        partner_agent_code,
        name,
        licence_no,
        joined_on,
        left_on,
        {{ lineage() }}
    from current_partner_agents
)

select * from stg_channel_broker__partner_agents
