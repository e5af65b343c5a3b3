-- How much of what G Life wants to know about a customer it knows: a number that is not valid is not known.
with weights as (
    select
        completeness_weight.attribute,
        completeness_weight.weight
    from {{ ref('completeness_weight') }} as completeness_weight
    where {{ valid_on('completeness_weight', as_of()) }}
),

known as (
    select
        golden.customer_id,
        golden.attribute,
        weights.weight
    from {{ ref('core_customer_value') }} as golden
    inner join weights on golden.attribute = weights.attribute
    where coalesce(golden.is_valid, true)
),

by_customer as (
    select
        customer_id,
        sum(weight) as weight,
        {{ text_list('attribute') }} as known_attributes
    from known
    group by customer_id
),

records as (
    select
        customer_id,
        count(*) as records,
        count(distinct source_system) as systems
    from {{ ref('int_identity__customer_record') }}
    group by customer_id
),

wanted as (
    select
        sum(weight) as weight,
        {{ text_list('attribute') }} as attributes
    from weights
),

customer_completeness as (
    select
        records.customer_id,
        cast(round(100 * coalesce(by_customer.weight, 0) / nullif(wanted.weight, 0), 1) as decimal(4, 1)) as completeness,
        coalesce(by_customer.known_attributes, []) as known_attributes,
        list_filter(wanted.attributes, lambda name: not list_contains(coalesce(by_customer.known_attributes, []), name))
            as missing_attributes,
        records.records,
        records.systems
    from records
    cross join wanted
    left join by_customer on records.customer_id = by_customer.customer_id
)

select * from customer_completeness
