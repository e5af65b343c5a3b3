-- Who would buy for a person: an adult for himself, a parent known from policies for a minor (the one with most policies
-- together); with what the buyer can spend a year and by what that is known. Of unknown age nobody buys.
{{ config(schema='core', contract={'enforced': false}) }}

with customers as (
    select
        customer_id,
        annual_income,
        channels,
        coalesce(has_marketing_consent, false) as has_marketing_consent,
        {{ whole_years('birth_date', as_of()) }} as age
    from {{ ref('core_customer') }}
    where birth_date <= {{ as_of() }}
),

aged as (
    select
        *,
        age >= {{ parameter('product_match_parameter', 'adult_age') }} as is_adult
    from customers
),

parents as (
    select
        family.customer_id,
        family.relative_customer_id as buyer_customer_id,
        row_number() over (
            partition by family.customer_id order by family.policies desc, family.relative_customer_id asc
        ) as nth
    from {{ ref('customer_family') }} as family
    inner join aged as parent on family.relative_customer_id = parent.customer_id and parent.is_adult
    where family.relation = 'PARENT'
),

pays as (
    select
        holder_customer_id as customer_id,
        sum(annualised_premium) as premium
    from {{ ref('core_policy') }}
    where is_in_force and pay_mode != 'SINGLE' and status is distinct from 'PAIDUP' and holder_customer_id is not null
    group by holder_customer_id
),

paired as (
    select
        aged.customer_id,
        aged.age,
        case when aged.is_adult then aged.customer_id else parents.buyer_customer_id end as buyer_customer_id
    from aged
    left join parents on aged.customer_id = parents.customer_id and parents.nth = 1
),

match_buyer as (
    select
        paired.customer_id,
        paired.age,
        paired.buyer_customer_id,
        aged.channels,
        aged.has_marketing_consent,
        aged.annual_income,
        cast(coalesce(pays.premium, 0) as decimal(18, 2)) as premium_in_force,
        case
            when aged.annual_income is not null then 'INCOME'
            when pays.premium > 0 then 'PREMIUM'
            else 'DEFAULT'
        end as budget_basis
    from paired
    inner join aged on paired.buyer_customer_id = aged.customer_id
    left join pays on paired.buyer_customer_id = pays.customer_id
)

select * from match_buyer
