-- Which needs each person is covered for as insured of a policy in force, and which of them the person asked for.
with lines as (
    select distinct
        line,
        {{ need_of('line') }} as need
    from (values ('LIFE'), ('CI'), ('MEDICAL'), ('ANNUITY'), ('ACCIDENT')) as product_lines (line)
),

cover as (
    select
        insured_customer_id as customer_id,
        {{ need_of('product_line') }} as need,
        count(*) as cover_policies,
        sum(sum_insured) as sum_insured
    from {{ ref('core_policy') }}
    where is_in_force and insured_customer_id is not null and product_line is not null
    group by insured_customer_id, {{ need_of('product_line') }}
),

activity_needs as (
    select
        links.customer_id,
        lines.need,
        cast(activities.occurred_at as date) as asked_on
    from {{ ref('stg_crm__activities') }} as activities
    inner join {{ ref('int_identity__crm_link') }} as links
        on activities.activity_id = links.row_id and links.kind = 'activity'
    inner join lines on activities.needs like '%"' || lines.line || '"%'
),

survey_needs as (
    select
        records.customer_id,
        lines.need,
        cast(events.occurred_at as date) as asked_on
    from {{ ref('stg_wechat__events') }} as events
    inner join {{ ref('int_identity__customer_record') }} as records
        on events.source_system = records.source_system and events.openid = records.source_record_id
    inner join lines on events.payload like '%"' || lines.line || '"%'
    where events.event = 'need_survey'
),

referral_needs as (
    select
        records.customer_id,
        lines.need,
        referrals.referred_on as asked_on
    from {{ ref('stg_channel_banca__referrals') }} as referrals
    inner join {{ ref('int_identity__customer_record') }} as records
        on referrals.source_system = records.source_system and referrals.referral_no = records.source_record_id
    inner join {{ ref('product_interest') }} as interest
        on referrals.product_interest = interest.word and {{ valid_on('interest', as_of()) }}
    inner join lines on interest.line = lines.line
),

asked as (
    select
        customer_id,
        need,
        max(asked_on) as asked_on
    from (
        select * from activity_needs
        union all
        select * from survey_needs
        union all
        select * from referral_needs
    ) as asked_needs
    where asked_on <= {{ as_of() }}
    group by customer_id, need
),

need_gap as (
    select
        customer.customer_id,
        needs.need,
        cover.customer_id is not null as is_covered,
        coalesce(cover.cover_policies, 0) as cover_policies,
        cast(coalesce(cover.sum_insured, 0) as decimal(28, 2)) as sum_insured,
        asked.asked_on
    from {{ ref('core_customer') }} as customer
    cross join {{ needs() }}
    left join cover on customer.customer_id = cover.customer_id and needs.need = cover.need
    left join asked on customer.customer_id = asked.customer_id and needs.need = asked.need
)

select * from need_gap
