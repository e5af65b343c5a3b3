-- Policies in force of products that are no longer sold: whom the end of a product concerns, and what is sold in its place.
with sold as (
    select
        product.line,
        channels.channel,
        {{ text_list('product.product_code') }} as product_codes
    from {{ ref('core_product') }} as product
    inner join (values ('IND'), ('BRK'), ('BANCA')) as channels (channel)
        on '|' || product.channels || '|' like '%|' || channels.channel || '|%'
    where product.is_on_sale
    group by product.line, channels.channel
),

discontinued_holding as (
    select
        policy.source_system,
        policy.policy_no,
        policy.product_code,
        product.name as product_name,
        product.line as product_line,
        product.on_sale_to,
        policy.holder_customer_id,
        policy.insured_customer_id,
        policy.channel,
        policy.branch_code,
        policy.serving_agent_code,
        policy.ape,
        coalesce(sold.product_codes, []) as product_codes_on_sale
    from {{ ref('core_policy') }} as policy
    inner join {{ ref('core_product') }} as product on policy.product_code = product.product_code
    left join sold on product.line = sold.line and policy.channel = sold.channel
    where policy.is_in_force and product.on_sale_to < {{ as_of() }}
)

select * from discontinued_holding
