-- The standard forms that records are compared in, gone records too. What is wrong is flagged and kept, never repaired in
-- silence.
with cleaned as (
    select
        * exclude (unionid),
        unionid as unionid_written,
        {{ compact_id('id_number') }} as id_written,
        {{ email_form('email') }} as email_written,
        {{ mobile_digits('mobile') }} as mobile_std,
        {{ half_width('address') }} as address_half_width
    from {{ ref('int_identity__source_record') }}
),

records as (
    select
        *,
        {{ unless_nobodys('id', 'id_written') }} as id_compact,
        {{ unless_nobodys('email', 'email_written') }} as email_std,
        {{ unless_nobodys('unionid', 'unionid_written') }} as unionid,
        {{ unless_nobodys('birth_date', 'cast(birth_date as varchar)') }} is null as is_birth_date_nobodys
    from cleaned
),

long_ids as (
    select
        records.*,
        {{ numbers_of('records.address_half_width') }} as address_numbers,
        case
            when regexp_full_match(records.id_compact, '[1-9][0-9]{16}[0-9X]') then records.id_compact
            -- The 15-digit form of before 1999: the century is left out and the check character is missing.
            when regexp_full_match(records.id_compact, '[1-8][0-9]{14}') and coalesce(records.id_type, 'ID') = 'ID'
                then substr(records.id_compact, 1, 6) || '19' || substr(records.id_compact, 7, 9)
        end as id_long
    from records
),

checked as (
    select
        *,
        try_strptime(substr(id_long, 7, 8), '%Y%m%d') as id_born_at,
        case when id_long is not null then {{ gb11643_check('substr(id_long, 1, 17)') }} end as id_check
    from long_ids
),

judged as (
    select
        *,
        coalesce(
            id_long is not null
            and cast(id_born_at as date) between date '1890-01-01' and {{ as_of() }}
            and (length(id_long) = 17 or right(id_long, 1) = id_check)
            and substr(id_long, 15, 3) <> '000'
            and id_compact not in (
                select placeholders.value from {{ ref('identity_placeholder') }} as placeholders where placeholders.kind = 'id'
            ),
            false
        ) as is_id_valid
    from checked
),

documents as (
    select
        *,
        case
            when is_id_valid then 'RIC'
            when {{ is_placeholder_number('id_compact') }} then null
            -- A Korean passport is an M and eight digits too.
            when coalesce(id_type, '') <> 'PASSPORT' and regexp_full_match(id_compact, '[HM][0-9]{8}([0-9]{2})?') then 'HKMO'
            when id_type = 'TW' and regexp_full_match(id_compact, '[0-9]{8}([0-9]{2})?') then 'TW'
            when regexp_full_match(id_compact, '[A-Z]{3}[0-9]{12}') then 'FPR'
            when id_type in ('PASSPORT', 'BIRTH', 'MIL', 'OTHER') and length(id_compact) >= 6 then id_type
            when coalesce(id_type, 'ID') <> 'ID' and length(id_compact) >= 7 then id_type
            when id_type is null and regexp_full_match(id_compact, '[A-Z][0-9]{7,9}') then 'PASSPORT'
        end as id_kind,
        case when is_id_valid then substr(id_long, 1, 17) || id_check end as id_full
    from judged
),

int_identity__standard_record as (
    select
        places.record_no,
        documents.record_key,
        documents.source_system,
        documents.source_record_id,

        documents.name,
        names.name_std,
        names.name_sound,
        names.surname,
        names.surname_sound,
        names.given_name,
        coalesce(names.is_han, false) as is_name_han,

        documents.sex,
        -- Compared is the sex that a valid ID, or a title, says where none is delivered; the golden value is one that was delivered.
        coalesce(
            documents.sex,
            case
                when documents.is_id_valid then case when cast(substr(id_full, 17, 1) as integer) % 2 = 1 then 'M' else 'F' end
            end,
            names.sex
        ) as sex_std,
        documents.birth_date,
        -- A birth date is compared as the ID says it; a placeholder is none.
        case
            when documents.is_id_valid then cast(documents.id_born_at as date)
            when documents.is_birth_date_nobodys or placeholders.value is not null or documents.birth_date > {{ as_of() }} then null
            else documents.birth_date
        end as birth_date_std,

        documents.id_type,
        documents.id_number,
        case
            when documents.id_kind = 'RIC' then documents.id_full
            when documents.id_kind = 'HKMO' then substr(documents.id_compact, 1, 9)
            when documents.id_kind = 'TW' then substr(documents.id_compact, 1, 8)
            else documents.id_compact
        end as id_std,
        documents.id_kind,
        documents.is_id_valid,
        {{ residence_key('documents.id_kind', 'documents.id_compact') }} as residence_key,
        not documents.is_id_valid and regexp_matches(documents.id_compact, '^[0-9OIL]{17}[0-9XOIL]$')
        and regexp_matches(documents.id_compact, '[OIL]') as has_id_lookalikes,
        case
            when not documents.is_id_valid and regexp_matches(documents.id_compact, '^[0-9OIL]{14,17}[0-9XOIL]$')
                then translate(documents.id_compact, 'OIL', '011')
        end as id_guess,
        coalesce(
            -- Whoever was asked for the last four of the number often gives those of the telephone.
            nullif({{ compact_id('documents.id_last4') }}, substr(documents.mobile_std, 8, 4)),
            case when documents.is_id_valid then right(id_full, 4) else {{ last4_shown('documents.id_number') }} end
        ) as id_last4,
        -- Who still has a card of 15 digits reads out its last four.
        case when documents.is_id_valid and substr(id_full, 7, 2) = '19' then substr(id_full, 14, 4) end as id_last4_old,

        documents.mobile,
        documents.mobile_std,
        {{ mobile_shown('documents.mobile') }} as mobile_shown,
        coalesce(
            not {{ is_placeholder_mobile('documents.mobile_std') }} and placeholder_mobiles.value is null, false
        ) and documents.mobile_std is not null as is_mobile_valid,
        documents.email,
        documents.email_std,
        documents.address,
        {{ address_key('documents.address_half_width', 'documents.address_numbers') }} as address_key,
        documents.region_code,

        cast(documents.annual_income as decimal(18, 2)) as annual_income,
        documents.marital_status,
        documents.education,
        documents.marketing_consent,

        documents.unionid,
        documents.bound_system,
        documents.bound_policy_no,
        documents.who_system,
        documents.who_record_id,
        documents.partner_code,
        documents.bank_code,
        documents.agent_code,
        documents.changed_at,
        documents.first_seen_on,
        documents.is_gone
    from documents
    inner join {{ ref('int_identity__place') }} as places on documents.record_key = places.record_key
    left join {{ ref('int_identity__name') }} as names on documents.name = names.name
    left join {{ ref('identity_placeholder') }} as placeholders
        on placeholders.kind = 'birth_date' and cast(documents.birth_date as varchar) = placeholders.value
    left join {{ ref('identity_placeholder') }} as placeholder_mobiles
        on placeholder_mobiles.kind = 'mobile' and documents.mobile_std = placeholder_mobiles.value
)

select * from int_identity__standard_record
