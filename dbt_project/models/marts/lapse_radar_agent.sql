-- The lapse radar summed up by who serves the policies: an agent, a partner or a bank; null where nobody does.
with summed as (
    select
        channel,
        serving_agent_code,
        partner_code,
        bank_code,
        count(*) as policies,
        count(distinct holder_customer_id) as customers,
        coalesce(sum(premium_at_risk), 0) as premium_at_risk,
        {%- for stage in ['due', 'grace', 'lapsed'] %}
            count(*) filter (where stage = '{{ stage | upper }}') as {{ stage }}_policies,
            coalesce(sum(premium_at_risk) filter (where stage = '{{ stage | upper }}'), 0) as {{ stage }}_premium,
        {%- endfor %}
        sum(amount_overdue) as amount_overdue,
        sum(amount_due) as amount_due
    from {{ ref('lapse_radar') }}
    group by channel, serving_agent_code, partner_code, bank_code
),

lapse_radar_agent as (
    select
        summed.channel,
        summed.serving_agent_code,
        summed.partner_code,
        summed.bank_code,
        cast(row_number() over (
            partition by summed.channel
            order by
                summed.premium_at_risk desc, summed.serving_agent_code asc, summed.partner_code asc, summed.bank_code asc
        ) as integer) as rank,
        summed.policies,
        summed.customers,
        cast(summed.premium_at_risk as decimal(28, 2)) as premium_at_risk,
        {%- for stage in ['due', 'grace', 'lapsed'] %}
            summed.{{ stage }}_policies,
            cast(summed.{{ stage }}_premium as decimal(28, 2)) as {{ stage }}_premium,
        {%- endfor %}
        cast(summed.amount_overdue as decimal(28, 2)) as amount_overdue,
        cast(summed.amount_due as decimal(28, 2)) as amount_due,
        agent.branch_code as agent_branch_code,
        agent.is_employed
    from summed
    left join {{ ref('core_agent') }} as agent on summed.serving_agent_code = agent.agent_code
)

select * from lapse_radar_agent
