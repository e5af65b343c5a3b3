-- Which units are one customer of a recipient that is another company. Who agreed to sharing is one customer as the whole
-- company knows it. Of anybody else only what the recipient's own records and policies say of each other counts: two
-- records that were merged over a third one elsewhere stay two.

create table unit_record as
select unit.recipient, unit.is_serving, record.*, customer.has_sharing_consent
from unit
inner join record using (record_key)
inner join customer on record.customer_id = customer.customer_id;

-- Evidence that lies in the two records alone. Never more than the warehouse holds true: one customer there as well.
create table own_link as
with refusing as (
    select * from unit_record where not has_sharing_consent
),

named_policy as (
    select refusing.recipient, refusing.record_key as one, owned_policy.holder_record_key as other
    from refusing
    inner join owned_policy
        on
            refusing.recipient = owned_policy.recipient
            and refusing.source_record_id = refusing.recipient || ':' || owned_policy.policy_no
    where refusing.source_system = 'channel_broker'
),

same_id as (
    select one.recipient, one.record_key as one, other.record_key as other
    from refusing as one
    inner join refusing as other using (recipient, customer_id, id_std)
    where one.is_id_valid and other.is_id_valid
),

same_name_and_mobile as (
    select one.recipient, one.record_key as one, other.record_key as other
    from refusing as one
    inner join refusing as other using (recipient, customer_id, name_std, mobile_std)
    where one.is_mobile_valid and other.is_mobile_valid
),

links as (
    select * from named_policy
    union
    select * from same_id
    union
    select * from same_name_and_mobile
)

select recipient, one, other from links
union
select recipient, other as one, one as other from links;

create table grouped as
with recursive reached as (
    select recipient, record_key, record_key as label
    from unit_record
    where not has_sharing_consent
    union
    select reached.recipient, own_link.other as record_key, reached.label
    from reached
    inner join own_link on reached.recipient = own_link.recipient and reached.record_key = own_link.one
),

labelled as (
    select recipient, record_key, min(label) as label from reached group by recipient, record_key
)

select
    unit_record.recipient,
    unit_record.record_key,
    unit_record.is_serving,
    unit_record.customer_id,
    concat_ws('/', unit_record.customer_id, labelled.label) as group_key
from unit_record
left join labelled using (recipient, record_key);

-- Needs that a customer has covered as insured in force, by the recipient's own policies.
create table covered as
select distinct grouped.recipient, grouped.group_key, need_line.need
from served_policy
inner join grouped
    on served_policy.recipient = grouped.recipient and served_policy.insured_record_key = grouped.record_key
inner join product on served_policy.product_code = product.product_code
inner join need_line on product.line = need_line.line
where served_policy.is_in_force;
