-- Policies whose premium may be lost, or can be won back: reinstatable lapses, delivered instalments unpaid in their days of
-- grace, and those due soon. A policy is here once, at its most urgent stage, so that premium at risk adds up.
with windows as (
    select
        {{ parameter('lapse_radar_parameter', 'due_within_days') }} as due_within_days,
        {{ parameter('lapse_radar_parameter', 'grace_days') }} as grace_days
),

policies as (
    select * from {{ ref('core_policy') }}
    where is_in_force or is_reinstatable
),

unpaid as (
    select
        instalment.source_system,
        instalment.policy_no,
        count(*) filter (
            where instalment.due_on <= {{ as_of() }}
            and instalment.due_on >= {{ add_days(as_of(), '-windows.grace_days') }}
        ) as in_grace,
        min(instalment.due_on) filter (
            where instalment.due_on <= {{ as_of() }}
            and instalment.due_on >= {{ add_days(as_of(), '-windows.grace_days') }}
        ) as grace_began_on,
        count(*) filter (
            where instalment.due_on > {{ as_of() }}
            and instalment.due_on <= {{ add_days(as_of(), 'windows.due_within_days') }}
        ) as coming,
        min(instalment.due_on) filter (where instalment.due_on > {{ as_of() }}) as next_due_on,
        sum(instalment.amount_due - instalment.amount_paid) filter (where instalment.due_on <= {{ as_of() }}) as overdue,
        sum(instalment.amount_due - instalment.amount_paid) filter (
            where instalment.due_on > {{ as_of() }}
            and instalment.due_on <= {{ add_days(as_of(), 'windows.due_within_days') }}
        ) as due
    from {{ ref('core_instalment') }} as instalment
    cross join windows
    where not instalment.is_paid_in_full and instalment.due_on <= {{ add_days(as_of(), 'windows.due_within_days') }}
    group by instalment.source_system, instalment.policy_no
),

staged as (
    select
        policies.*,
        case
            when policies.is_reinstatable then 'LAPSED'
            when unpaid.in_grace > 0 then 'GRACE'
            when unpaid.coming > 0 then 'DUE'
        end as stage,
        coalesce(unpaid.overdue, 0) as amount_overdue,
        coalesce(unpaid.due, 0) as amount_due,
        unpaid.next_due_on,
        {{ add_days('unpaid.grace_began_on', 'windows.grace_days') }} as grace_ends_on
    from policies
    cross join windows
    left join unpaid on policies.source_system = unpaid.source_system and policies.policy_no = unpaid.policy_no
),

dated as (
    select
        staged.*,
        -- The last day on which it can still be paid or, of a lapse, reinstated.
        case staged.stage
            when 'LAPSED' then {{ add_days(add_years('staged.status_on', 2), -1) }}
            when 'GRACE' then staged.grace_ends_on
            else {{ add_days('staged.next_due_on', 'windows.grace_days') }}
        end as act_until
    from staged
    cross join windows
    where staged.stage is not null
),

ranked as (
    select
        dated.*,
        row_number() over (
            partition by dated.channel, dated.serving_agent_code, dated.partner_code, dated.bank_code
            order by
                dated.annualised_premium desc,
                dated.act_until asc,
                dated.source_system asc,
                dated.policy_no asc
        ) as rank
    from dated
),

lapse_radar as (
    select
        ranked.source_system,
        ranked.policy_no,
        ranked.stage,
        ranked.channel,
        ranked.branch_code,
        ranked.serving_agent_code,
        ranked.partner_code,
        ranked.bank_code,
        cast(ranked.rank as integer) as rank,
        ranked.annualised_premium as premium_at_risk,
        cast(ranked.amount_overdue as decimal(18, 2)) as amount_overdue,
        cast(ranked.amount_due as decimal(18, 2)) as amount_due,
        ranked.next_due_on,
        case when ranked.stage = 'LAPSED' then ranked.status_on end as lapsed_on,
        ranked.act_until,
        {{ days_between(as_of(), 'ranked.act_until') }} as days_left,
        ranked.holder_customer_id,
        cast(tiers.tier as integer) as tier,
        ranked.pay_mode
    from ranked
    left join {{ ref('customer_tier') }} as tiers on ranked.holder_customer_id = tiers.customer_id and tiers.scope = 'ALL'
)

select * from lapse_radar
