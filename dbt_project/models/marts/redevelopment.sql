-- Existing customers for the servicing department of each branch: holders of individual policies whom nobody serves, who can
-- be won back, whose cover has run out, or who bought nothing for long and lack a cover; ranked by points of the reasons.
with policies as (
    select * from {{ ref('core_policy') }}
    where channel = 'IND' and is_counted and holder_customer_id is not null
),

rules as (
    select * from {{ ref('redevelopment_reason') }} as rule
    where {{ valid_on('rule', as_of()) }}
),

held as (
    select
        policies.holder_customer_id as customer_id,
        policies.branch_code,
        count(*) filter (where policies.is_in_force) as policies_in_force,
        coalesce(sum(policies.ape) filter (where policies.is_in_force), 0) as in_force_ape,
        count(*) filter (where policies.is_reinstatable) as reinstatable_policies,
        max(policies.status_on) filter (where policies.status in ('PAIDUP', 'MATURED')) as ended_on,
        {{ newest_of('policies.serving_agent_code', 'policies.is_in_force', 'policies.ape') }} as serving_agent_code
    from policies
    group by policies.holder_customer_id, policies.branch_code
    having {{ any_true("policies.is_in_force or policies.is_reinstatable or policies.status in ('PAIDUP', 'MATURED')") }}
),

bought as (
    select
        holder_customer_id as customer_id,
        max(issued_on) as last_issued_on
    from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null
    group by holder_customer_id
),

orphans as (
    select
        customer_id,
        branch_code,
        count(*) as orphan_policies,
        min(to_agent) as to_agent
    from {{ ref('orphan_policy') }}
    where customer_id is not null
    group by customer_id, branch_code
),

gaps as (
    select
        customer_id,
        {{ joined_texts('need', by='need') }} as open_needs
    from {{ ref('need_gap') }}
    where not is_covered
    group by customer_id
),

described as (
    select
        held.*,
        bought.last_issued_on,
        coalesce(orphans.orphan_policies, 0) as orphan_policies,
        orphans.to_agent,
        gaps.open_needs,
        tiers.tier,
        tiers.strategy_code,
        strategy.contact_cadence_days,
        profile.last_contact_on,
        profile.is_contactable,
        best.product_code,
        best.may_be_used
    from held
    inner join {{ ref('customer_profile') }} as profile on held.customer_id = profile.customer_id
    inner join {{ ref('customer_tier') }} as tiers on held.customer_id = tiers.customer_id and tiers.scope = 'ALL'
    left join {{ ref('tier_strategy') }} as strategy
        on tiers.strategy_code = strategy.strategy_code and {{ valid_on('strategy', as_of()) }}
    left join bought on held.customer_id = bought.customer_id
    left join orphans
        on held.customer_id = orphans.customer_id and held.branch_code is not distinct from orphans.branch_code
    left join gaps on held.customer_id = gaps.customer_id
    left join {{ ref('product_match') }} as best on held.customer_id = best.customer_id and best.rank = 1
),

-- Every reason that holds, with its points.
reasoned as (
    select
        described.customer_id,
        described.branch_code,
        rules.reason,
        rules.points,
        rules.is_sufficient
    from described
    inner join rules
        on case rules.reason
            when 'ORPHAN' then described.orphan_policies > 0
            when 'REINSTATABLE' then described.reinstatable_policies > 0
            when 'COVER_ENDED' then described.ended_on > {{ add_months(as_of(), '-rules.months') }}
            when 'NO_PURCHASE'
                then described.last_issued_on <= {{ add_months(as_of(), '-rules.months') }} and described.product_code is not null
            when 'PRODUCT_FITS' then described.product_code is not null
            when 'CONTACT_OVERDUE'
                then
                    coalesce(
                        {{ days_between('described.last_contact_on', as_of()) }} > described.contact_cadence_days,
                        described.last_contact_on is null
                    )
        end
),

listed as (
    select
        customer_id,
        branch_code,
        sum(points) as score,
        {{ joined_texts('reason', by='-points, reason') }} as reasons
    from reasoned
    group by customer_id, branch_code
    having {{ any_true('is_sufficient') }}
),

redevelopment as (
    select
        described.branch_code,
        cast(row_number() over (
            partition by described.branch_code
            order by listed.score desc, described.tier asc, described.in_force_ape desc, described.customer_id asc
        ) as integer) as rank,
        described.customer_id,
        cast(listed.score as integer) as score,
        listed.reasons,
        described.tier,
        described.strategy_code,
        described.policies_in_force,
        cast(described.in_force_ape as decimal(28, 3)) as in_force_ape,
        described.orphan_policies,
        described.reinstatable_policies,
        described.last_issued_on,
        described.last_contact_on,
        described.open_needs,
        described.product_code,
        described.may_be_used,
        described.serving_agent_code,
        described.to_agent,
        described.is_contactable
    from described
    inner join listed
        on described.customer_id = listed.customer_id and described.branch_code is not distinct from listed.branch_code
)

select * from redevelopment
