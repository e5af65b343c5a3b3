-- Values that are nobody's own, by what bears them (placeholders by list are a seed): numbers of documents and e-mail addresses under
-- more names than one person has (an agent's own, or one that a system fills in); birthdays that many say of whom no ID number
-- says so; WeChat users with two openids in one account. Only bearers of the value decide.
with records as (
    select
        name,
        source_system,
        birth_date,
        unionid,
        {{ compact_id('id_number') }} as id_compact,
        {{ email_form('email') }} as email
    from {{ ref('int_identity__source_record') }}
),

written as (
    select
        'id' as kind,
        id_compact as value,
        name
    from records
    where id_compact is not null
    union all
    select
        'email' as kind,
        email as value,
        name
    from records
    where email is not null
),

-- Only what many records bear is asked for its names.
frequent as (
    select
        kind,
        value
    from written
    group by kind, value
    having count(*) > {{ identity_parameter('shared_names') }}
),

lent as (
    select
        written.kind,
        written.value
    from written
    inner join frequent on written.kind = frequent.kind and written.value = frequent.value
    inner join {{ ref('int_identity__name') }} as names on written.name = names.name
    group by written.kind, written.value
    having count(distinct names.name_sound) > {{ identity_parameter('shared_names') }}
),

birthdays as (
    select
        birth_date,
        count(*) filter (where substr(id_compact, 7, 8) = strftime(birth_date, '%Y%m%d')) as known,
        count(*) as said
    from records
    where birth_date is not null
    group by birth_date
),

int_identity__nobodys_value as (
    select * from lent
    union all
    select
        'birth_date' as kind,
        cast(birth_date as varchar) as value
    from birthdays
    where
        said > {{ identity_parameter('block_limit') }}
        and said - known > {{ identity_parameter('filled_in_times') }} * (1 + known)
    union all
    select
        'unionid' as kind,
        unionid as value
    from records
    where unionid is not null
    group by unionid
    having count(*) > count(distinct source_system)
)

select * from int_identity__nobodys_value
