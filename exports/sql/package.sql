-- From lines to what goes into the packages: each line against what its recipient holds (`held`: recipient,
-- customer_ref, anchor, tier, tier_name, fingerprint). `fingerprint` covers all that a recipient can see of a line.

create table marked as
select line.*, md5({fingerprint}) as fingerprint from line;

create table suppressed as
select marked.recipient, marked.customer_ref
from marked
inner join advice using (recipient, anchor)
inner join no_marketing using (recipient, group_key);

create table gone as
select held.* from held anti join marked using (recipient, customer_ref);

-- Where the anchor of a line that is gone has its place now.
create table merged as
select gone.recipient, gone.customer_ref as old_ref, marked.customer_ref as new_ref
from gone
inner join grouped on gone.recipient = grouped.recipient and gone.anchor = grouped.record_key
inner join advice on grouped.recipient = advice.recipient and grouped.group_key = advice.group_key
inner join marked on advice.recipient = marked.recipient and advice.anchor = marked.anchor;

create table gone_why as
select
    gone.recipient,
    gone.customer_ref,
    case
        when merged.new_ref is not null then 'MERGED 并入 ' || merged.new_ref
        when gone.anchor in (select holder_record_key from owned_policy where status = 'CANCELLED')
            then 'CANCELLED 自有保单已撤单'
        when gone.anchor in (select record_key from erased) then 'ERASED 客户要求删除个人信息'
        when gone.anchor is not null and gone.anchor not in (select record_key from record)
            then 'DELETED 客户资料已不在来源系统'
        else 'LEFT 不再属于服务范围'
    end as reason
from gone
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
    coalesce(marked.anchor, held.anchor) as anchor,
    marked.* exclude (recipient, customer_ref, anchor)
from marked
full join held using (recipient, customer_ref)
left join gone_why on held.recipient = gone_why.recipient and held.customer_ref = gone_why.customer_ref
left join absorbed on marked.recipient = absorbed.recipient and marked.customer_ref = absorbed.customer_ref;
