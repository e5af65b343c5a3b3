with products as (
    select * from {{ ref('stg_core_life__product') }}
),

product as (
    select
        product_code,
        name,
        line,
        channels,
        on_sale_from,
        on_sale_to,
        on_sale_from <= {{ as_of() }} and (on_sale_to is null or on_sale_to >= {{ as_of() }}) as is_on_sale
    from products
)

select * from product
