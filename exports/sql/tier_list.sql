-- Lines of a tier list: one row per recipient and customer that it serves.

create table contact as
select
    served_record.recipient,
    grouped.group_key,
    max_by(served_record.name, (changed_on, record_key)) filter (where served_record.name is not null) as name,
    max_by(served_record.mobile, (changed_on, record_key)) filter (where served_record.mobile is not null) as mobile,
    max_by(agent_code, (changed_on, record_key)) filter (where agent_code is not null) as agent_code,
    string_agg(distinct source_record_id, ';' order by source_record_id) as source_record_ids
from served_record
inner join grouped using (recipient, record_key)
group by all;

-- What the shared core system knows of the holders: their name, and the policies with their role there.
create table holding as
select
    served_policy.recipient,
    grouped.group_key,
    max_by(record.name, (record.changed_on, record.record_key)) filter (where record.name is not null) as name,
    max_by(server_code, (is_in_force, issued_on, policy_no)) filter (where server_code is not null) as server_code
from served_policy
inner join grouped
    on served_policy.recipient = grouped.recipient and served_policy.holder_record_key = grouped.record_key
inner join record on served_policy.holder_record_key = record.record_key
group by all;

create table own_policy as
select recipient, group_key, string_agg(policy_no || ':' || roles, ';' order by policy_no) as policies
from (
    select
        policy_role.recipient,
        grouped.group_key,
        policy_role.source_system,
        policy_role.policy_no,
        concat_ws(
            '/',
            max(role) filter (where role = 'HOLDER'),
            max(role) filter (where role = 'INSURED'),
            max(role) filter (where role = 'BENEFICIARY')
        ) as roles
    from policy_role
    inner join grouped using (recipient, record_key)
    group by all
) as roles_of_policy
group by recipient, group_key;

create table next_due as
select served_policy.recipient, grouped.group_key, min(instalment.due_on) as due_on
from served_policy
inner join grouped
    on served_policy.recipient = grouped.recipient and served_policy.holder_record_key = grouped.record_key
inner join instalment using (source_system, policy_no)
where served_policy.is_in_force and instalment.due_on > (select as_of from generation)
group by all;

-- Tags of the recipient's own records; of all records where the customer agreed to sharing.
create table tag_list as
with own as (
    select grouped.recipient, grouped.group_key, record_tag.tag, record_tag.value
    from grouped
    inner join record_tag on grouped.record_key = record_tag.record_key
    where grouped.is_serving
),

shared as (
    select advice.recipient, advice.group_key, customer_tag.tag, customer_tag.value
    from advice
    inner join customer on advice.customer_id = customer.customer_id
    inner join customer_tag on advice.customer_id = customer_tag.customer_id
    where customer.has_sharing_consent and not advice.is_own
),

texts as (
    select recipient, group_key, concat_ws('=', tag, value) as text from own
    union
    select recipient, group_key, concat_ws('=', tag, value) as text from shared
)

select recipient, group_key, string_agg(text, ';' order by text) as tags from texts group by recipient, group_key;

create table line as
select
    advice.recipient,
    glife_hmac(concat_ws(chr(31), 'customer_ref', '{channel}', advice.recipient, advice.anchor)) as customer_ref,
    advice.anchor,
    advice.group_key,
    advice.tier,
    advice.tier_name,
    advice.strategy,
    advice.reasons,
    array_to_string(advice.recommended_lines, ';') as recommended_lines,
    contact.source_record_ids,
    coalesce(contact.name, holding.name) as name,
    contact.mobile,
    own_policy.policies,
    strftime(next_due.due_on, '%Y-%m-%d') as next_due_on,
    coalesce(holding.server_code, contact.agent_code) as serving_agent,
    tag_list.tags
from advice
left join contact using (recipient, group_key)
left join holding using (recipient, group_key)
left join own_policy using (recipient, group_key)
left join next_due using (recipient, group_key)
left join tag_list using (recipient, group_key);
