-- Lines of a tier list: one row per recipient and customer that it serves.
-- `channel` and `product_channel` come from the declaration.

create table contact as
select
    recipient,
    customer_id,
    max_by(name, (changed_on, record_key)) filter (where name is not null) as name,
    max_by(mobile, (changed_on, record_key)) filter (where mobile is not null) as mobile,
    max_by(agent_code, (changed_on, record_key)) filter (where agent_code is not null) as agent_code,
    string_agg(distinct source_record_id, ';' order by source_record_id) as source_record_ids
from served_record
group by recipient, customer_id;

-- The name under which the shared core system knows the holder of a recipient's policies.
create table holder_name as
select
    served_policy.recipient,
    served_policy.holder_customer_id as customer_id,
    max_by(record.name, (record.changed_on, record.record_key)) filter (where record.name is not null) as name
from served_policy
inner join record on served_policy.holder_record_key = record.record_key
group by all;

create table policy_role as
select recipient, holder_customer_id as customer_id, policy_no, source_system, 1 as position, 'HOLDER' as role
from served_policy
where holder_customer_id is not null
union all
select recipient, insured_customer_id as customer_id, policy_no, source_system, 2 as position, 'INSURED' as role
from served_policy
where insured_customer_id is not null;

create table own_policy as
select recipient, customer_id, string_agg(policy_no || ':' || roles, ';' order by policy_no) as policies
from (
    select recipient, customer_id, source_system, policy_no, string_agg(role, '/' order by position) as roles
    from policy_role
    group by all
) as roles_of_policy
group by recipient, customer_id;

create table next_due as
select served_policy.recipient, served_policy.holder_customer_id as customer_id, min(instalment.due_on) as due_on
from served_policy
inner join instalment using (source_system, policy_no)
where served_policy.is_in_force and instalment.due_on > (select as_of from generation)
group by all;

create table server as
select
    recipient,
    holder_customer_id as customer_id,
    max_by(server_code, (is_in_force, issued_on, policy_no)) filter (where server_code is not null) as server_code
from served_policy
where holder_customer_id is not null
group by all;

create table line as
select
    advice.recipient,
    glife_hmac(concat_ws(chr(31), 'customer_ref', '{channel}', advice.recipient, advice.customer_id)) as customer_ref,
    advice.tier,
    advice.tier_name,
    advice.strategy,
    advice.reasons,
    array_to_string(advice.recommended_lines, ';') as recommended_lines,
    contact.source_record_ids,
    coalesce(contact.name, holder_name.name) as name,
    contact.mobile,
    own_policy.policies,
    strftime(next_due.due_on, '%Y-%m-%d') as next_due_on,
    coalesce(server.server_code, contact.agent_code) as serving_agent
from advice
left join contact using (recipient, customer_id)
left join holder_name using (recipient, customer_id)
left join own_policy using (recipient, customer_id)
left join next_due using (recipient, customer_id)
left join server using (recipient, customer_id);
