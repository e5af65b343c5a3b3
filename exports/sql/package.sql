-- From lines to what goes into the packages: each line against what its recipient holds (`held`: recipient,
-- customer_ref, tier, tier_name, fingerprint). `fingerprint` covers everything that the recipient can see of a line.

create table marked as
select line.*, md5({fingerprint}) as fingerprint from line;

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
    marked.* exclude (recipient, customer_ref)
from marked
full join held using (recipient, customer_ref);
