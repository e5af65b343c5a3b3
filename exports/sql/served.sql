-- What the declaration's recipients own and whom they serve: `recipient`, `served_policy`, `served_record`, `served`.
-- `recipients`, `policies` and `records` are the declaration's queries, `wanted` narrows to the recipients asked for.

create table recipient as
select recipient, name from ({recipients}) as declared where {wanted};

create table served_policy as
select declared.recipient, policy.*
from ({policies}) as declared
inner join recipient using (recipient)
inner join policy using (source_system, policy_no);

create table served_record as
select declared.recipient, record.*
from ({records}) as declared
inner join recipient using (recipient)
inner join record using (record_key);

create table served as
select recipient, holder_customer_id as customer_id from served_policy where holder_customer_id is not null
union
select recipient, customer_id from served_record
union
select recipient.recipient, customer.customer_id from customer cross join recipient where {serves_everybody};
