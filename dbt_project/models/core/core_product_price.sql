-- What a product costs at least, by what was sold: a low quantile of the APE of its net new policies of the last months; of
-- a product that nobody bought lately, that of its line.
with sold as (
    select
        product_code,
        product_line,
        ape,
        row_number() over (partition by product_code order by ape) as nth_of_product,
        count(*) over (partition by product_code) as product_policies,
        row_number() over (partition by product_line order by ape) as nth_of_line,
        count(*) over (partition by product_line) as line_policies
    from {{ ref('core_policy') }}
    where
        is_counted
        and issued_on <= {{ as_of() }}
        and issued_on > {{ add_months(as_of(), '-' ~ parameter('product_match_parameter', 'price_months')) }}
),

quantile as (
    select {{ parameter('product_match_parameter', 'price_quantile', 'decimal(9, 4)') }} as share
),

own_prices as (
    select
        sold.product_code,
        count(*) as policies_sold,
        min(sold.ape) filter (where sold.nth_of_product >= sold.product_policies * quantile.share) as ape
    from sold
    cross join quantile
    group by sold.product_code
),

line_prices as (
    select
        sold.product_line,
        min(sold.ape) filter (where sold.nth_of_line >= sold.line_policies * quantile.share) as ape
    from sold
    cross join quantile
    group by sold.product_line
),

product_price as (
    select
        product.product_code,
        coalesce(own_prices.policies_sold, 0) as policies_sold,
        cast(coalesce(own_prices.ape, line_prices.ape) as decimal(18, 3)) as entry_ape,
        case
            when own_prices.ape is not null then 'PRODUCT'
            when line_prices.ape is not null then 'LINE'
        end as price_basis
    from {{ ref('core_product') }} as product
    left join own_prices on product.product_code = own_prices.product_code
    left join line_prices on product.line = line_prices.product_line
)

select * from product_price
