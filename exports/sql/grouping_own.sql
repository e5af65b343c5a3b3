-- Which units are one customer of a recipient that is another company. Who agreed to sharing is one customer as the whole
-- company knows it. Of anybody else only what the recipient's own records and policies say of each other counts: two
-- records that were merged over a third one elsewhere stay two, and two that belong together by themselves stay one.
create table grouped as
select
    unit.recipient,
    unit.record_key,
    unit.is_serving,
    record.customer_id,
    coalesce(own_group.own_group, record.customer_id) as group_key,
    own_group.own_group is not null as is_own
from unit
inner join record using (record_key)
left join own_group on unit.recipient = own_group.scope and unit.record_key = own_group.record_key;

-- Needs that a customer has covered as insured in force, by the recipient's own policies.
create table covered as
select distinct grouped.recipient, grouped.group_key, need_line.need
from served_policy
inner join grouped
    on served_policy.recipient = grouped.recipient and served_policy.insured_record_key = grouped.record_key
inner join product on served_policy.product_code = product.product_code
inner join need_line on product.line = need_line.line
where served_policy.is_in_force;
