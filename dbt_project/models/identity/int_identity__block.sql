-- Every value by which two records may meet. A value that too many records bear would compare everybody with everybody:
-- such blocks are not used and stand in int_identity__blocked_value. Values meet by their hash: texts cost three times as much,
-- and two texts of one hash would merely be compared. Only values that are blocked are kept as text. Each kind reads its own
-- columns of the records: all of them together would not fit into memory.
with records as not materialized (
    select * from {{ ref('int_identity__standard_record') }}
),

parties as not materialized (
    select
        parties.record_no,
        parties.policy,
        records.name_sound
    from {{ ref('int_identity__party') }} as parties
    inner join records on parties.record_no = records.record_no
),

-- Who bound with nothing but a policy number may be any party of it.
nameless as (
    select
        record_no,
        bound_system || '|' || bound_policy_no as policy
    from records
    where given_name is null and bound_policy_no is not null
),

-- No row is here twice.
texts as not materialized (
    select
        record_no,
        'id' as kind,
        null as whose,
        id_kind || ':' || id_std as value
    from records where id_kind is not null
    union all
    select
        record_no,
        'id' as kind,
        null as whose,
        'RIC:' || id_guess as value
    from records where id_guess is not null
    union all
    select
        record_no,
        'residence' as kind,
        null as whose,
        residence_key as value
    from records where residence_key is not null
    union all
    select
        record_no,
        'unionid' as kind,
        null as whose,
        unionid as value
    from records where unionid is not null
    union all
    select
        record_no,
        'name_mobile' as kind,
        name_sound as whose,
        mobile_std as value
    from records where is_mobile_valid and name_sound is not null and given_name is null
    union all
    -- Whole names meet by parts of the number: one wrong or two exchanged digits leave its first six or its last four as they
    -- are.
    select
        record_no,
        'name_mobile_head' as kind,
        name_sound as whose,
        substr(mobile_std, 1, 6) as value
    from records where is_mobile_valid and given_name is not null
    union all
    select
        record_no,
        'name_mobile_tail' as kind,
        name_sound as whose,
        substr(mobile_std, 8, 4) as value
    from records where is_mobile_valid and given_name is not null
    union all
    select
        record_no,
        'name_mobile_tail' as kind,
        name_sound as whose,
        right(mobile_shown, 4) as value
    from records where mobile_shown is not null and given_name is not null
    union all
    select
        record_no,
        'name_birth' as kind,
        name_sound as whose,
        birth_date_std as value
    from records where name_sound is not null and birth_date_std is not null
    union all
    select
        record_no,
        'name_email' as kind,
        name_sound as whose,
        email_std as value
    from records where name_sound is not null and email_std is not null
    union all
    select
        record_no,
        'name_address' as kind,
        name_sound as whose,
        address_key as value
    from records where name_sound is not null and address_key is not null
    union all
    select
        record_no,
        'name_last4' as kind,
        name_sound as whose,
        id_last4 as value
    from records where name_sound is not null and id_last4 is not null
    union all
    select
        record_no,
        'name_last4' as kind,
        name_sound as whose,
        id_last4_old as value
    from records where name_sound is not null and id_last4_old <> id_last4
    union all
    select
        record_no,
        'mobile' as kind,
        null as whose,
        mobile_std as value
    from records where is_mobile_valid
    union all
    select
        record_no,
        'birth_address' as kind,
        birth_date_std as whose,
        address_key as value
    from records where birth_date_std is not null and address_key is not null
    union all
    select
        record_no,
        'name_policy' as kind,
        name_sound as whose,
        bound_system || '|' || bound_policy_no as value
    from records where name_sound is not null and bound_policy_no is not null
    union all
    select
        record_no,
        'name_policy' as kind,
        name_sound as whose,
        policy as value
    from parties where name_sound is not null
    union all
    select
        record_no,
        'policy' as kind,
        null as whose,
        policy as value
    from nameless
    union all
    select distinct
        parties.record_no,
        'policy' as kind,
        null as whose,
        parties.policy as value
    from parties
    inner join nameless on parties.policy = nameless.policy
    union all
    select
        record_no,
        'who' as kind,
        null as whose,
        who_system || '|' || who_record_id as value
    from records where who_record_id is not null
),

keys as not materialized (
    select
        *,
        -- Twice, at other places of the text: once alone gave one hash to texts that differ in two letters eight apart.
        {{ hash_of('kind', 'whose', 'value', 'substr(value, 4)') }} as key
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
        case when sizes.records > {{ identity_parameter('block_limit') }} then concat_ws('|', keys.whose, keys.value) end as value,
        sizes.records,
        sizes.records > {{ identity_parameter('block_limit') }} as is_blocked
    from keys
    inner join sizes on keys.key = sizes.key
)

select * from int_identity__block
