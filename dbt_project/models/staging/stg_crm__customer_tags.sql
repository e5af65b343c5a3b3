with current_customer_tags as (
    {{ current_rows('crm__customer_tags', with_first_seen=true) }}
),

stg_crm__customer_tags as (
    select
        who,
        tag,
        value,
        author,
        tagged_at,
        retired,
        {{ lineage(with_first_seen=true) }}
    from current_customer_tags
)

select * from stg_crm__customer_tags
