-- A customer counts once in every cell that it holds a policy in (not cancelled); prospects and insured persons only in the
-- total of the company. A policy that names no channel or no branch counts in the totals alone.
with tiers as (
    select
        customer_id,
        tier
    from {{ ref('customer_tier') }}
    where scope = 'ALL'
),

held as (
    select distinct
        holder_customer_id as customer_id,
        channel,
        branch_code
    from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null
),

placed as (
    select distinct
        held.customer_id,
        {{ cell_of('held') }}
    from held
    cross join {{ rollup_cells() }}
    where rollup.by_channel or rollup.by_branch
    union all
    select
        customer_id,
        'ALL' as channel,
        'ALL' as branch_code
    from tiers
),

counted as (
    select
        placed.channel,
        placed.branch_code,
        tiers.tier,
        count(*) as customers
    from placed
    inner join tiers on placed.customer_id = tiers.customer_id
    where placed.channel is not null and placed.branch_code is not null
    group by placed.channel, placed.branch_code, tiers.tier
),

tier_distribution as (
    select
        channel,
        branch_code,
        cast(tier as integer) as tier,
        customers,
        {{ ratio('customers', 'sum(customers) over (partition by channel, branch_code)') }} as share
    from counted
)

select * from tier_distribution
