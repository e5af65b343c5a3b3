-- Lines of the CRM: the whole profile, one row per customer.
-- Lists are sorted once they are whole: an ordered aggregate keeps every row of every list in memory twice.

create table tag_list as
select
    customer_id,
    list_sort(
        list(
            {{
                tag: tag, value: value, source_system: source_system, source_record_id: source_record_id,
                tagged_at: tagged_at
            }}
        )
    ) as tags
from customer_tag
group by customer_id;

create table record_list as
select
    customer_id,
    list_sort(list({{source_system: source_system, source_record_id: source_record_id}})) as source_records
from record
group by customer_id;

create table policy_list as
with named as (
    select holder_customer_id as customer_id, source_system, policy_no, 'HOLDER' as role
    from policy
    union all
    select insured_customer_id as customer_id, source_system, policy_no, 'INSURED' as role
    from policy
    union all
    select customer_id, source_system, policy_no, 'BENEFICIARY' as role
    from beneficiary
),

roles_of_policy as (
    select
        named.customer_id,
        source_system,
        policy_no,
        list_filter(
            [
                max(role) filter (where role = 'HOLDER'),
                max(role) filter (where role = 'INSURED'),
                max(role) filter (where role = 'BENEFICIARY')
            ],
            lambda role: role is not null
        ) as roles
    from named
    inner join policy using (source_system, policy_no)
    where policy.status <> 'CANCELLED' and named.customer_id is not null
    group by named.customer_id, source_system, policy_no
)

select
    customer_id,
    list_sort(list({{source_system: source_system, policy_no: policy_no, roles: roles}})) as policies
from roles_of_policy
group by customer_id;

create table line as
select
    advice.recipient,
    glife_hmac(concat_ws(chr(31), 'customer_ref', '{channel}', advice.recipient, advice.anchor)) as customer_ref,
    advice.anchor,
    advice.group_key,
    customer.customer_id,
    customer.kind,
    customer.name,
    customer.sex,
    customer.birth_date,
    customer.id_number,
    customer.mobile,
    customer.region_code,
    customer.first_seen_on,
    customer.channels,
    customer.is_contactable,
    customer.has_marketing_consent,
    advice.tier,
    advice.tier_name,
    advice.reasons,
    tier.contribution,
    tier.potential,
    advice.strategy,
    advice.recommended_lines,
    customer_points.points_alive,
    customer_vip.vip_level,
    coalesce(tag_list.tags, []) as tags,
    coalesce(record_list.source_records, []) as source_records,
    coalesce(policy_list.policies, []) as policies
from advice
inner join customer on advice.customer_id = customer.customer_id
inner join customer_tier as tier on advice.customer_id = tier.customer_id and tier.scope = 'ALL'
left join customer_points on advice.customer_id = customer_points.customer_id
left join customer_vip on advice.customer_id = customer_vip.customer_id
left join tag_list on advice.customer_id = tag_list.customer_id
left join record_list on advice.customer_id = record_list.customer_id
left join policy_list on advice.customer_id = policy_list.customer_id;
