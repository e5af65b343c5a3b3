-- Who holds no policy yet and might: prospects, followers, referrals, insured persons and others known, ranked by their
-- potential and by signals, each with its points from a seed.
with customers as (
    select * from {{ ref('core_customer') }}
    where kind != 'HOLDER'
),

records as (
    select
        records.customer_id,
        records.source_system,
        records.source_record_id
    from {{ ref('int_identity__customer_record') }} as records
    inner join customers on records.customer_id = customers.customer_id
),

prospects as (
    select
        records.customer_id,
        prospects.origin,
        prospects.agent_code,
        row_number() over (
            partition by records.customer_id order by prospects.registered_on desc nulls last, prospects.prospect_no desc
        ) as nth
    from {{ ref('stg_channel_individual__prospects') }} as prospects
    inner join records
        on prospects.source_system = records.source_system and prospects.prospect_no = records.source_record_id
),

referrals as (
    select
        records.customer_id,
        referrals.bank_code,
        referrals.outlet_code,
        coalesce(bool_or(referrals.result = 'OPEN') over (partition by records.customer_id), false) as is_open,
        coalesce(bool_or(referrals.result = 'LOST') over (partition by records.customer_id), false) as is_lost,
        row_number() over (
            partition by records.customer_id
            order by referrals.result = 'OPEN' desc nulls last, referrals.referred_on desc nulls last, referrals.referral_no desc
        ) as nth
    from {{ ref('stg_channel_banca__referrals') }} as referrals
    inner join records
        on referrals.source_system = records.source_system and referrals.referral_no = records.source_record_id
),

followers as (
    select
        records.customer_id,
        {{ any_true('followers.is_subscribed') }} as is_follower,
        {{ any_true('bindings.openid is not null') }} as is_bound
    from {{ ref('stg_wechat__followers') }} as followers
    inner join records
        on followers.source_system = records.source_system and followers.openid = records.source_record_id
    left join {{ ref('stg_wechat__bindings') }} as bindings
        on followers.source_system = bindings.source_system and followers.openid = bindings.openid
    group by records.customer_id
),

campaigns as (
    select distinct records.customer_id
    from {{ ref('stg_wechat__events') }} as events
    inner join records on events.source_system = records.source_system and events.openid = records.source_record_id
    where events.event = 'campaign_signup' and cast(events.occurred_at as date) <= {{ as_of() }}
),

asked as (
    select
        customer_id,
        max(asked_on) as asked_on
    from {{ ref('need_gap') }}
    where asked_on is not null and not is_covered
    group by customer_id
),

relatives as (
    select distinct family.customer_id
    from {{ ref('customer_family') }} as family
    inner join {{ ref('core_customer') }} as relative on family.relative_customer_id = relative.customer_id
    where relative.kind = 'HOLDER'
),

-- A record that is not merged but probably is a holder's: its person is no new customer.
probable as (
    select
        records.customer_id,
        min(links.customer_id) as probable_customer_id
    from {{ ref('core_probable_link') }} as links
    inner join records
        on links.source_system = records.source_system and links.source_record_id = records.source_record_id
    inner join {{ ref('core_customer') }} as holder on links.customer_id = holder.customer_id and holder.kind = 'HOLDER'
    group by records.customer_id
),

described as (
    select
        customers.customer_id,
        case
            when customers.kind = 'INSURED' then 'INSURED_ONLY'
            when referrals.customer_id is not null then 'REFERRAL'
            when prospects.customer_id is not null then 'PROSPECT'
            when followers.customer_id is not null then 'FOLLOWER'
            else 'OTHER'
        end as origin,
        prospects.origin as prospect_origin,
        prospects.agent_code,
        coalesce(agent.branch_code, outlet.branch_code) as branch_code,
        referrals.bank_code,
        referrals.outlet_code,
        probable.probable_customer_id,
        asked.asked_on,
        customers.channels,
        customers.is_contactable,
        coalesce(customers.has_marketing_consent, false) as has_marketing_consent,
        tiers.potential,
        tiers.tier,
        coalesce(referrals.is_open, false) as bank_referral_open,
        coalesce(referrals.is_lost and not referrals.is_open, false) as bank_referral_lost,
        coalesce(prospects.origin = '转介绍', false) as friend_referral,
        asked.customer_id is not null as asked,
        customers.kind = 'INSURED' as insured,
        relatives.customer_id is not null as family,
        coalesce(followers.is_bound, false) as bound,
        campaigns.customer_id is not null as campaign,
        coalesce(followers.is_follower, false) as follower,
        probable.customer_id is not null as probably_a_holder
    from customers
    inner join {{ ref('customer_tier') }} as tiers
        on customers.customer_id = tiers.customer_id and tiers.scope = 'ALL'
    left join prospects on customers.customer_id = prospects.customer_id and prospects.nth = 1
    left join referrals on customers.customer_id = referrals.customer_id and referrals.nth = 1
    left join followers on customers.customer_id = followers.customer_id
    left join campaigns on customers.customer_id = campaigns.customer_id
    left join asked on customers.customer_id = asked.customer_id
    left join relatives on customers.customer_id = relatives.customer_id
    left join probable on customers.customer_id = probable.customer_id
    left join {{ ref('core_agent') }} as agent on prospects.agent_code = agent.agent_code
    left join {{ ref('core_outlet') }} as outlet
        on referrals.bank_code = outlet.bank_code and referrals.outlet_code = outlet.outlet_code
),

signals as (
    {%- for signal in [
        'contactable', 'bank_referral_open', 'friend_referral', 'asked', 'insured', 'family', 'bound', 'campaign', 'follower',
        'bank_referral_lost', 'probably_a_holder'
    ] %}
        select
            customer_id,
            '{{ signal | upper }}' as signal
        from described
        where {{ 'is_contactable' if signal == 'contactable' else signal }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

pointed as (
    select
        signals.customer_id,
        sum(rule.points) as points,
        {{ joined_texts("signals.signal || ' ' || rule.points", by='-rule.points, signals.signal') }} as signals
    from signals
    inner join {{ ref('potential_signal') }} as rule on signals.signal = rule.signal and {{ valid_on('rule', as_of()) }}
    group by signals.customer_id
),

scored as (
    select
        described.*,
        described.potential + coalesce(pointed.points, 0) as score,
        concat_ws(', ', 'POTENTIAL ' || described.potential, pointed.signals) as reason
    from described
    left join pointed on described.customer_id = pointed.customer_id
),

potential_customer as (
    select
        cast(row_number() over (
            order by score desc, potential desc, asked_on desc nulls last, customer_id asc
        ) as integer) as rank,
        customer_id,
        origin,
        cast(score as integer) as score,
        reason,
        potential,
        tier,
        prospect_origin,
        agent_code,
        branch_code,
        bank_code,
        outlet_code,
        channels,
        asked_on,
        is_contactable,
        has_marketing_consent,
        probable_customer_id
    from scored
)

select * from potential_customer
