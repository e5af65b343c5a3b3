-- Lines of a tag synchronisation: one row per follower of an account.

create table line as
select
    served_record.recipient,
    glife_hmac(concat_ws(chr(31), 'customer_ref', '{channel}', served_record.recipient, served_record.record_key))
        as customer_ref,
    null::varchar as anchor,  -- would be the openid itself, which the ledger has no business to keep
    advice.group_key,
    advice.tier,
    advice.tier_name,
    served_record.source_record_id as openid
from served_record
inner join grouped using (recipient, record_key)
inner join advice using (recipient, group_key);
