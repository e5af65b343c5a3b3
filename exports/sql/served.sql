-- What the declaration's recipients own and whom they serve: `recipient`, `owned_policy`, `served_policy`,
-- `policy_role`, `served_record`, `unit` (the records that make a customer of a recipient), `served` (one row per its customer).
-- `recipients`, `policies` and `records` are the declaration's queries, `wanted` narrows to the recipients asked for.

create table recipient as
select recipient, name from ({recipients}) as declared where {wanted};

create table owned_policy as
select declared.recipient, policy.*
from ({policies}) as declared
inner join recipient using (recipient)
inner join policy using (source_system, policy_no);

create table served_policy as
select * from owned_policy where status <> 'CANCELLED';

-- Who plays which part in the recipient's own policies.
create table policy_role as
select recipient, source_system, policy_no, holder_record_key as record_key, 'HOLDER' as role
from served_policy
union all
select recipient, source_system, policy_no, insured_record_key as record_key, 'INSURED' as role
from served_policy
union all
select served_policy.recipient, source_system, policy_no, beneficiary.record_key, 'BENEFICIARY' as role
from served_policy
inner join beneficiary using (source_system, policy_no);

create table served_record as
select declared.recipient, record.*
from ({records}) as declared
inner join recipient using (recipient)
inner join record using (record_key);

-- Records that bring a customer onto the list (own ones, and the core system's of a policy's holder), and those that
-- only say who is insured or to be paid.
create table unit as
select recipient, record_key, bool_or(is_serving) as is_serving
from (
    select recipient, record_key, true as is_serving from served_record
    union all
    select recipient, record_key, role = 'HOLDER' as is_serving from policy_role
    union all
    select recipient.recipient, record.record_key, true as is_serving
    from record
    cross join recipient
    where {serves_everybody}
) as named
where record_key is not null
group by recipient, record_key;
