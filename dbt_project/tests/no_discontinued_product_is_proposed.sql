-- Selling a product whose sale has ended is a breach of rules, so nothing but what is on sale may reach a proposal.
select
    matches.customer_id,
    matches.product_code
from {{ ref('product_match') }} as matches
left join {{ ref('core_product') }} as product on matches.product_code = product.product_code and product.is_on_sale
where product.product_code is null
