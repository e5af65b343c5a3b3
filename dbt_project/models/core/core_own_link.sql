-- Two records of a recipient that are one customer by what lies in the recipient's own records and policies alone; nothing
-- of another channel, not even how often a value occurs there, takes part. One row per pair and rule; STEWARD_SEPARATE
-- is a pair that may not meet.
with units as (
    select * from {{ ref('core_own_unit') }}
),

own_policies as (
    select
        partner_code as scope,
        policy_no,
        source_system || ':' || holder_record_id as holder_key
    from {{ ref('core_policy') }}
    where channel = 'BRK' and partner_code is not null and holder_record_id is not null
),

-- A partner's row names its policy: it is about the holder, unless the names differ.
named_policy as (
    select
        line.unit_no as unit_a,
        holder.unit_no as unit_b,
        'NAMED_POLICY' as rule,
        0.998 as weight
    from units as line
    inner join own_policies
        on line.scope = own_policies.scope and line.source_record_id = own_policies.scope || ':' || own_policies.policy_no
    inner join units as holder on own_policies.scope = holder.scope and own_policies.holder_key = holder.record_key
    where
        line.source_system = 'channel_broker'
        and coalesce(line.name_std = holder.name_std or line.name_sound = holder.name_sound, true)
),

-- Each other record is linked to the first that shows the same, which is enough for one group and stays linear.
firsts as (
    select
        unit_no,
        min(unit_no) over (partition by scope, id_kind, id_std) as first_of_id,
        min(unit_no) over (partition by scope, id_kind, id_std, name_std) as first_of_document,
        min(unit_no) over (partition by scope, mobile_std, name_std) as first_of_mobile,
        is_id_valid,
        id_kind is not null and name_std is not null as has_document,
        mobile_std is not null and name_std is not null as has_mobile
    from units
),

same_values as (
    select
        first_of_id as unit_a,
        unit_no as unit_b,
        'SAME_ID' as rule,
        0.9999 as weight
    from firsts
    where is_id_valid and first_of_id <> unit_no
    union all
    select
        first_of_document as unit_a,
        unit_no as unit_b,
        'NAME_DOCUMENT' as rule,
        0.9998 as weight
    from firsts
    where has_document and not is_id_valid and first_of_document <> unit_no
    union all
    select
        first_of_mobile as unit_a,
        unit_no as unit_b,
        'NAME_MOBILE' as rule,
        0.998 as weight
    from firsts
    where has_mobile and first_of_mobile <> unit_no
),

-- A bank's referral knows of the ID number no more than the last four: it is the one policy party of that name and these.
parties as (
    select
        scope,
        name_std,
        id_last4,
        min(unit_no) as unit_no
    from units
    where not is_row and is_id_valid and name_std is not null
    group by scope, name_std, id_last4
    having count(distinct id_std) = 1
),

referred as (
    select
        parties.unit_no as unit_a,
        line.unit_no as unit_b,
        'NAME_LAST4' as rule,
        0.99 as weight
    from units as line
    inner join parties
        on line.scope = parties.scope and line.name_std = parties.name_std and line.id_last4 = parties.id_last4
    where line.is_row and line.source_system = 'channel_banca'
),

-- What the stewards keep apart stays apart for everybody.
separated as (
    select
        a.unit_no as unit_a,
        b.unit_no as unit_b,
        links.rule,
        links.weight
    from {{ ref('int_identity__link') }} as links
    inner join units as a on links.record_a = a.record_no
    inner join units as b on links.record_b = b.record_no and a.scope = b.scope
    where links.rule = 'STEWARD_SEPARATE'
),

own_link as (
    select * from named_policy
    union all
    select * from same_values
    union all
    select * from referred
    union all
    select * from separated
)

select * from own_link
