-- One row that describes a person: who he is, his family, what he prefers to buy and how, and how he deals with G Life.
{%- set preferences = {'line': 'product_line', 'channel': 'channel', 'pay_mode': 'pay_mode'} %}
with customers as (
    select
        *,
        case when birth_date <= {{ as_of() }} then {{ whole_years('birth_date', as_of()) }} end as age
    from {{ ref('core_customer') }}
),

policies as (
    select * from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null
),

occupations as (
    select
        records.customer_id,
        clients.occupation_code,
        row_number() over (
            partition by records.customer_id order by clients.updated_at desc nulls last, clients.client_id desc
        ) as nth
    from {{ ref('stg_core_life__client') }} as clients
    inner join {{ ref('int_identity__customer_record') }} as records
        on records.source_system = 'core_life' and clients.client_id = records.source_record_id
    where clients.occupation_code is not null
),

family as (
    select
        customer_id,
        {{ any_true("relation = 'SPOUSE'") }} as has_spouse,
        count(*) filter (where relation = 'CHILD') as children,
        count(*) filter (where relation = 'PARENT') as parents
    from {{ ref('customer_family') }}
    group by customer_id
),

bought as (
    select
        holder_customer_id as customer_id,
        count(*) as policies_held,
        count(*) filter (where is_in_force) as policies_in_force,
        sum(ape) as ape,
        min(issued_on) as first_issued_on,
        max(issued_on) as last_issued_on
    from policies
    group by holder_customer_id
),

-- What somebody prefers is what he bought most often; of equals, what he spent most on.
{%- for name, column in preferences.items() %}
    {{ name }}_counts as (
        select
            holder_customer_id as customer_id,
            {{ column }},
            row_number() over (
                partition by holder_customer_id order by count(*) desc, sum(ape) desc, {{ column }} asc
            ) as nth
        from policies
        where {{ column }} is not null
        group by holder_customer_id, {{ column }}
    ),
{% endfor %}
activities as (
    select
        links.customer_id,
        activities.kind,
        count(*) as contacts,
        max(cast(activities.occurred_at as date)) as last_on
    from {{ ref('stg_crm__activities') }} as activities
    inner join {{ ref('int_identity__crm_link') }} as links
        on activities.activity_id = links.row_id and links.kind = 'activity'
    where cast(activities.occurred_at as date) <= {{ as_of() }}
    group by links.customer_id, activities.kind
),

contacts as (
    select
        customer_id,
        kind,
        max(last_on) over (partition by customer_id) as last_contact_on,
        row_number() over (partition by customer_id order by contacts desc, last_on desc, kind asc) as nth
    from activities
),

engagements as (
    select
        customer_id,
        coalesce(sum(times) filter (
            where kind = 'WECHAT_EVENT' and engaged_on > {{ add_days(as_of(), -180) }}
        ), 0) as wechat_events,
        max(engaged_on) filter (where kind = 'WECHAT_EVENT') as last_wechat_on,
        max(engaged_on) as last_engaged_on
    from {{ ref('core_engagement') }}
    group by customer_id
),

accounts as (
    select
        records.customer_id,
        count(*) filter (where followers.is_subscribed) as accounts_followed,
        count(bindings.openid) as accounts_bound
    from {{ ref('stg_wechat__followers') }} as followers
    inner join {{ ref('int_identity__customer_record') }} as records
        on followers.source_system = records.source_system and followers.openid = records.source_record_id
    left join {{ ref('stg_wechat__bindings') }} as bindings
        on followers.source_system = bindings.source_system and followers.openid = bindings.openid
    group by records.customer_id
),

scores as (
    select
        customer_id,
        score,
        row_number() over (partition by customer_id order by answered_on desc, survey_id desc) as nth
    from {{ ref('core_survey') }}
    where kind = 'CSAT' and score is not null and customer_id is not null and answered_on <= {{ as_of() }}
),

complained as (
    select
        customer_id,
        count(*) as complaints
    from {{ ref('core_complaint') }}
    where occurred_on <= {{ as_of() }} and occurred_on > {{ add_months(as_of(), -12) }}
    group by customer_id
),

bands as (
    select * from {{ ref('profile_band') }} as band
    where {{ valid_on('band', as_of()) }}
),

customer_profile as (
    select
        customers.customer_id,
        customers.kind,
        customers.sex,
        customers.age,
        age_band.age_band,
        customers.region_code,
        substr(customers.region_code, 1, 2) as province_code,
        customers.marital_status,
        customers.education,
        occupations.occupation_code,
        cast(customers.annual_income as decimal(18, 2)) as annual_income,
        coalesce(family.has_spouse, false) as has_spouse,
        cast(coalesce(family.children, 0) as integer) as children,
        cast(coalesce(family.parents, 0) as integer) as parents,
        cast(coalesce(bought.policies_held, 0) as integer) as policies_held,
        cast(coalesce(bought.policies_in_force, 0) as integer) as policies_in_force,
        bought.first_issued_on,
        bought.last_issued_on,
        line_counts.product_line as preferred_line,
        channel_counts.channel as preferred_channel,
        pay_mode_counts.pay_mode as preferred_pay_mode,
        {{ money_per('bought.ape', 'bought.policies_held') }} as ape_per_policy,
        price_band.label as price_level,
        cast(coalesce(accounts.accounts_followed, 0) as integer) as accounts_followed,
        cast(coalesce(accounts.accounts_bound, 0) as integer) as accounts_bound,
        cast(coalesce(engagements.wechat_events, 0) as integer) as wechat_events_180_days,
        engagements.last_wechat_on,
        digital_band.label as digital_level,
        contacts.kind as usual_contact,
        contacts.last_contact_on,
        engagements.last_engaged_on,
        cast(scores.score as decimal(9, 2)) as last_csat,
        cast(coalesce(complained.complaints, 0) as integer) as complaints_12_months,
        customers.is_contactable,
        customers.has_marketing_consent,
        customers.has_sharing_consent
    from customers
    left join {{ ref('age_band') }} as age_band
        on {{ valid_on('age_band', as_of()) }} and {{ in_band('customers.age', 'age_band') }}
    left join occupations on customers.customer_id = occupations.customer_id and occupations.nth = 1
    left join family on customers.customer_id = family.customer_id
    left join bought on customers.customer_id = bought.customer_id
    {%- for name in preferences %}
        left join {{ name }}_counts on customers.customer_id = {{ name }}_counts.customer_id and {{ name }}_counts.nth = 1
    {%- endfor %}
    left join contacts on customers.customer_id = contacts.customer_id and contacts.nth = 1
    left join engagements on customers.customer_id = engagements.customer_id
    left join accounts on customers.customer_id = accounts.customer_id
    left join scores on customers.customer_id = scores.customer_id and scores.nth = 1
    left join complained on customers.customer_id = complained.customer_id
    left join bands as price_band
        on
            price_band.attribute = 'price_level'
            and {{ in_band('cast(bought.ape as decimal(28, 3)) / bought.policies_held', 'price_band') }}
            and bought.policies_held > 0
    left join bands as digital_band
        on digital_band.attribute = 'digital_level' and {{ in_band('coalesce(engagements.wechat_events, 0)', 'digital_band') }}
)

select * from customer_profile
