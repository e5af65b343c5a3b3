-- Of two values of one tag the newest counts: what contradicts it is left out here and stays in core.customer_tag. Every record
-- that says what counts is kept, as the tag's origin.
with tags as (
    select
        *,
        first_value(value) over (
            partition by customer_id, tag
            order by
                value is null asc, known_on desc nulls last, tagged_at desc nulls last,
                {{ source_order('source_system') }} asc, source_record_id desc
        ) as newest_value
    from {{ ref('core_customer_tag') }}
),

customer_tag as (
    select
        customer_id,
        tag,
        value,
        source_system,
        source_record_id,
        tagged_at,
        delivered_tag,
        delivered_value
    from tags
    where value is null or value = newest_value
)

select * from customer_tag
