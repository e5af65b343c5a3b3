-- Products that fit who lacks them: on sale at as_of, sold by a channel that serves the buyer, for a need that is not
-- covered, for the insured's age, and within what the buyer can spend. Every condition is one that must hold; the reason
-- names them with their figures. What cannot be known (age, price) makes no proposal.
with gaps as (
    select
        customer_id,
        need,
        asked_on
    from {{ ref('need_gap') }}
    where not is_covered
),

products as (
    select
        product.product_code,
        product.name as product_name,
        product.line as product_line,
        {{ need_of('product.line') }} as need,
        product.channels,
        price.entry_ape,
        price.policies_sold,
        fit.min_age,
        fit.max_age,
        fit.income_share
    from {{ ref('core_product') }} as product
    inner join {{ ref('core_product_price') }} as price on product.product_code = price.product_code
    inner join {{ ref('product_fit') }} as fit on product.line = fit.product_line and {{ valid_on('fit', as_of()) }}
    where product.is_on_sale and price.entry_ape is not null
),

-- Buyers share few sets of channels; each is looked up once.
channel_sets as (
    select distinct channels
    from {{ ref('match_buyer') }}
),

set_channels as (
    select
        channels,
        unnest(channels) as channel
    from channel_sets
),

-- Products that a channel which serves the buyer sells.
offered as (
    select
        set_channels.channels,
        products.product_code,
        {{ text_list('set_channels.channel') }} as sold_by
    from set_channels
    inner join products on '|' || products.channels || '|' like '%|' || set_channels.channel || '|%'
    group by set_channels.channels, products.product_code
),

strategies as (
    select
        tiers.customer_id,
        tiers.tier,
        strategy.product_lines
    from {{ ref('customer_tier') }} as tiers
    left join {{ ref('tier_strategy') }} as strategy
        on tiers.strategy_code = strategy.strategy_code and {{ valid_on('strategy', as_of()) }}
    where tiers.scope = 'ALL'
),

fitting as (
    select
        buyer.customer_id,
        buyer.buyer_customer_id,
        buyer.age,
        buyer.budget_basis,
        buyer.has_marketing_consent,
        gaps.need,
        gaps.asked_on,
        offered.sold_by,
        products.product_code,
        products.product_name,
        products.product_line,
        products.min_age,
        products.max_age,
        products.entry_ape,
        products.policies_sold,
        -- Position of the line in what the tier's strategy offers; null when it does not offer it.
        nullif(strpos('|' || strategies.product_lines || '|', '|' || products.product_line || '|'), 0) as strategy_position,
        cast(
            case buyer.budget_basis
                when 'INCOME' then cast(buyer.annual_income as decimal(38, 2)) * products.income_share - buyer.premium_in_force
                when 'PREMIUM'
                    then
                        cast(buyer.premium_in_force as decimal(38, 2))
                        * {{ parameter('product_match_parameter', 'add_on_share', 'decimal(9, 4)') }}
                else {{ parameter('product_match_parameter', 'default_budget', 'decimal(18, 2)') }}
            end as decimal(18, 2)
        ) as budget
    from gaps
    inner join {{ ref('match_buyer') }} as buyer on gaps.customer_id = buyer.customer_id
    inner join products on gaps.need = products.need and buyer.age between products.min_age and products.max_age
    inner join offered on buyer.channels = offered.channels and products.product_code = offered.product_code
    left join strategies on gaps.customer_id = strategies.customer_id
),

-- Of a need the product that most buy comes first; of the needs one that was asked for, then what the strategy offers first.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, need
            order by strategy_position asc nulls last, policies_sold desc, entry_ape asc, product_code asc
        ) as rank_in_need
    from fitting
    where entry_ape <= budget
),

kept as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by
                asked_on desc nulls last, strategy_position asc nulls last, rank_in_need asc, policies_sold desc, product_code asc
        ) as rank
    from ranked
    where rank_in_need <= {{ parameter('product_match_parameter', 'most_per_need') }}
),

product_match as (
    select
        customer_id,
        cast(rank as integer) as rank,
        product_code,
        product_name,
        product_line,
        need,
        cast(rank_in_need as integer) as rank_in_need,
        buyer_customer_id,
        case when has_marketing_consent then 'MARKETING' else 'ON_REQUEST' end as may_be_used,
        sold_by,
        age,
        entry_ape,
        budget,
        budget_basis,
        asked_on,
        concat_ws(
            '; ',
            need || ' not covered',
            'asked for on ' || cast(asked_on as varchar),
            'on sale and sold by ' || {{ text_of_list('sold_by') }},
            'age ' || age || ' within ' || min_age || ' to ' || max_age,
            'from ' || cast(entry_ape as varchar) || ' CNY a year, within ' || cast(budget as varchar) || ' by '
            || case budget_basis
                when 'INCOME' then 'income' when 'PREMIUM' then 'premium paid now' else 'the default budget (income unknown)'
            end,
            case when strategy_position is not null then product_line || ' is offered by the strategy of the tier' end,
            case when buyer_customer_id != customer_id then 'bought by a parent' end,
            case when not has_marketing_consent then 'no marketing consent: only when asked' end
        ) as reason
    from kept
)

select * from product_match
