-- Which units are one customer of a recipient: as the whole company knows it.
create table grouped as
select unit.recipient, unit.record_key, unit.is_serving, record.customer_id, record.customer_id as group_key,
    false as is_own
from unit
inner join record using (record_key);

-- Needs that a customer has covered as insured in force, by any policy of the company.
create table covered as
select distinct grouped.recipient, grouped.group_key, need_line.need
from grouped
inner join policy on grouped.group_key = policy.insured_customer_id
inner join product using (product_code)
inner join need_line using (line)
where policy.is_in_force;
