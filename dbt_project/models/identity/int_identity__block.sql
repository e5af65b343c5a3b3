-- Every value by which two records may meet. A value that too many records bear would compare everybody with everybody:
-- such blocks are not used and stand in int_identity__blocked_value. Values meet by their hash: texts cost three times as much,
-- and two texts of one hash would merely be compared. Only values that are blocked are kept as text.
with records as (
    select * from {{ ref('int_identity__standard_record') }}
),

parties as (
    select
        'core_life' as policy_system,
        parties.policy_no,
        records.record_no,
        records.name_sound
    from {{ ref('stg_core_life__policy_party') }} as parties
    inner join records on records.source_system = 'core_life' and parties.client_id = records.source_record_id
    union
    -- Holder and insured apart: one join on either of two columns would be a nested loop.
    select
        'core_banca' as policy_system,
        policies.policy_no,
        records.record_no,
        records.name_sound
    from {{ ref('stg_core_banca__poly') }} as policies
    inner join records on records.source_system = 'core_banca' and policies.holder_cust_no = records.source_record_id
    union
    select
        'core_banca' as policy_system,
        policies.policy_no,
        records.record_no,
        records.name_sound
    from {{ ref('stg_core_banca__poly') }} as policies
    inner join records on records.source_system = 'core_banca' and policies.insured_cust_no = records.source_record_id
),

-- Who bound with nothing but a policy number may be any party of it.
nameless as (
    select
        record_no,
        bound_system as policy_system,
        bound_policy_no as policy_no
    from records
    where given_name is null and bound_policy_no is not null
),

-- No row is here twice.
texts as not materialized (
    select
        record_no,
        'id' as kind,
        id_kind || ':' || id_std as value
    from records where id_kind is not null
    union all
    select
        record_no,
        'id' as kind,
        'RIC:' || id_guess as value
    from records where id_guess is not null
    union all
    select
        record_no,
        'residence' as kind,
        residence_key as value
    from records where residence_key is not null
    union all
    select
        record_no,
        'unionid' as kind,
        unionid as value
    from records where unionid is not null
    union all
    select
        record_no,
        'name_mobile' as kind,
        name_sound || '|' || mobile_std as value
    from records where is_mobile_valid and name_sound is not null and given_name is null
    union all
    -- Whole names meet by parts of the number: one wrong or two exchanged digits leave its first six or its last four as they
    -- are.
    select
        record_no,
        'name_mobile_head' as kind,
        name_sound || '|' || substr(mobile_std, 1, 6) as value
    from records where is_mobile_valid and given_name is not null
    union all
    select
        record_no,
        'name_mobile_tail' as kind,
        name_sound || '|' || substr(mobile_std, 8, 4) as value
    from records where is_mobile_valid and given_name is not null
    union all
    select
        record_no,
        'name_birth' as kind,
        name_sound || '|' || birth_date_std as value
    from records where name_sound is not null and birth_date_std is not null
    union all
    select
        record_no,
        'name_email' as kind,
        name_sound || '|' || email_std as value
    from records where name_sound is not null and email_std is not null
    union all
    select
        record_no,
        'name_address' as kind,
        name_sound || '|' || address_key as value
    from records where name_sound is not null and address_key is not null
    union all
    select
        record_no,
        'name_last4' as kind,
        name_sound || '|' || id_last4 as value
    from records where name_sound is not null and id_last4 is not null
    union all
    select
        record_no,
        'name_last4' as kind,
        name_sound || '|' || id_last4_old as value
    from records where name_sound is not null and id_last4_old <> id_last4
    union all
    select
        record_no,
        'mobile' as kind,
        mobile_std as value
    from records where is_mobile_valid
    union all
    select
        record_no,
        'birth_address' as kind,
        birth_date_std || '|' || address_key as value
    from records where birth_date_std is not null and address_key is not null
    union all
    select
        record_no,
        'name_policy' as kind,
        name_sound || '|' || bound_system || '|' || bound_policy_no as value
    from records where name_sound is not null and bound_policy_no is not null
    union all
    select
        record_no,
        'name_policy' as kind,
        name_sound || '|' || policy_system || '|' || policy_no as value
    from parties where name_sound is not null
    union all
    select
        record_no,
        'policy' as kind,
        policy_system || '|' || policy_no as value
    from nameless
    union all
    select distinct
        parties.record_no,
        'policy' as kind,
        parties.policy_system || '|' || parties.policy_no as value
    from parties
    inner join nameless on parties.policy_system = nameless.policy_system and parties.policy_no = nameless.policy_no
    union all
    select
        record_no,
        'who' as kind,
        who_system || '|' || who_record_id as value
    from records where who_record_id is not null
),

keys as not materialized (
    select
        *,
        {{ hash_of('kind', 'value') }} as key
    from texts
),

sizes as (
    select
        key,
        count(*) as records
    from keys
    group by key
    having count(*) > 1
),

int_identity__block as (
    select
        keys.record_no,
        keys.kind,
        keys.key,
        case when sizes.records > {{ identity_parameter('block_limit') }} then keys.value end as value,
        sizes.records,
        sizes.records > {{ identity_parameter('block_limit') }} as is_blocked
    from keys
    inner join sizes on keys.key = sizes.key
)

select * from int_identity__block
