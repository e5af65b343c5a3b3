-- From lines to what goes into the packages: each line against what its recipient holds (`held`: recipient,
-- customer_ref, anchor, tier, tier_name, fingerprint). `fingerprint` covers all that a recipient can see of a line; it and
-- the anchor are salted with the key, so that the ledger says nothing of anybody.

create table marked as
select
    line.* replace (md5('{salt}' || line.anchor) as anchor),
    md5({fingerprint}) as fingerprint
from line;

drop table line;  -- as wide as `marked`, and whole lines of everybody are most of what is in memory

create table suppressed as
select marked.recipient, marked.customer_ref
from marked
inner join no_marketing using (recipient, group_key);

create table gone as
select held.* from held anti join marked using (recipient, customer_ref);

-- Where the anchors of lines that are gone have their place now, as customers are grouped for this recipient.
create table gone_record as
select gone.recipient, gone.customer_ref, coalesce(own_group.own_group, record.customer_id) as group_key
from gone
inner join record on gone.anchor = md5('{salt}' || record.record_key)
left join own_group
    on {own_scope} and gone.recipient = own_group.scope and record.record_key = own_group.record_key;

create table merged as
select gone_record.recipient, gone_record.customer_ref as old_ref, marked.customer_ref as new_ref
from gone_record
inner join marked using (recipient, group_key);

create table gone_why as
select
    gone.recipient,
    gone.customer_ref,
    case
        when merged.new_ref is not null then 'MERGED 并入 ' || merged.new_ref
        when gone.anchor in (select md5('{salt}' || record_key) from erased) then 'ERASED 客户要求删除个人信息'
        when gone.anchor is not null and gone_record.customer_ref is null then 'DELETED 客户资料已不在来源系统'
        when
            gone.anchor in (select md5('{salt}' || holder_record_key) from owned_policy where status = 'CANCELLED')
            then 'CANCELLED 自有保单已撤单'
        else 'LEFT 不再属于服务范围'
    end as reason
from gone
left join gone_record on gone.recipient = gone_record.recipient and gone.customer_ref = gone_record.customer_ref
left join merged on gone.recipient = merged.recipient and gone.customer_ref = merged.old_ref;

create table absorbed as
select recipient, new_ref as customer_ref, string_agg(old_ref, ' ' order by old_ref) as old_refs
from merged
group by all;

create table package_line as
select
    coalesce(marked.recipient, held.recipient) as recipient,
    coalesce(marked.customer_ref, held.customer_ref) as customer_ref,
    case
        when held.customer_ref is null then 'NEW'
        when marked.customer_ref is null then 'REMOVED'
        when marked.fingerprint = held.fingerprint then 'SAME'
        else 'CHANGED'
    end as change,
    held.tier as previous_tier,
    held.tier_name as previous_tier_name,
    nullif(concat_ws('；', gone_why.reason, '合并自 ' || absorbed.old_refs), '') as change_reason,
    advice.rule_id as move_rule,
    tier_cause.cause as move_cause,
    coalesce(marked.anchor, held.anchor) as anchor,
    marked.* exclude (recipient, customer_ref, anchor, group_key)
from marked
full join held using (recipient, customer_ref)
left join gone_why on held.recipient = gone_why.recipient and held.customer_ref = gone_why.customer_ref
left join absorbed on marked.recipient = absorbed.recipient and marked.customer_ref = absorbed.customer_ref
left join advice on marked.recipient = advice.recipient and marked.group_key = advice.group_key
left join tier_cause  -- the company's causes are not told of those whose tier rests on the recipient's own records
    on
        case when not advice.is_own then advice.customer_id end = tier_cause.customer_id
        and held.tier = tier_cause.from_tier
        and marked.tier = tier_cause.to_tier;

drop table marked;
