with current_product as (
    {{ current_rows('core_life__product') }}
),

stg_core_life__product as (
    select
        product_code,
        name,
        line,
        on_sale_from,
        on_sale_to,
        channels,
        {{ lineage() }}
    from current_product
)

select * from stg_core_life__product
