-- Two records that meet in some block, and how each of their values compares. Stored once, by least and greatest.
with blocks as (
    select
        record_no,
        key,
        kind = 'name_policy' as is_on_policy,
        kind = 'policy' as is_policy_shown,
        kind = 'who' as is_same_who
    from {{ ref('int_identity__block') }}
    where not is_blocked
),

met as (
    select
        a.record_no as record_a,
        b.record_no as record_b,
        bool_or(a.is_on_policy) as is_on_policy,
        bool_or(a.is_policy_shown) as is_policy_shown,
        bool_or(a.is_same_who) as is_same_who
    from blocks as a
    inner join blocks as b on a.key = b.key and a.record_no < b.record_no
    group by a.record_no, b.record_no
),

cards as (
    select
        least(cards.record_no, named.record_no) as record_a,
        greatest(cards.record_no, named.record_no) as record_b
    from {{ ref('int_identity__standard_record') }} as cards
    inner join {{ ref('int_identity__standard_record') }} as named
        on cards.who_system = named.source_system and cards.who_record_id = named.source_record_id
    where cards.who_record_id is not null
),

sales as (
    select
        record_a,
        record_b
    from {{ ref('int_identity__sale') }}
),

pairs as (
    select
        coalesce(met.record_a, cards.record_a, sales.record_a) as record_a,
        coalesce(met.record_b, cards.record_b, sales.record_b) as record_b,
        coalesce(met.is_on_policy, false) as is_on_policy,
        coalesce(met.is_policy_shown, false) as is_policy_shown,
        coalesce(met.is_same_who, false) as is_same_who,
        cards.record_a is not null as is_named_by_card,
        sales.record_a is not null as is_sale
    from met
    full outer join cards on met.record_a = cards.record_a and met.record_b = cards.record_b
    full outer join sales
        on coalesce(met.record_a, cards.record_a) = sales.record_a and coalesce(met.record_b, cards.record_b) = sales.record_b
),

-- What is compared, and no more: both sides of each pair carry it. (As text: like texts may share DuckDB's hash.)
facts as not materialized (
    select
        record_no,
        is_gone,
        is_id_valid,
        id_kind,
        id_std,
        coalesce(id_guess, id_std) as id_guess,
        residence_key,
        id_last4,
        id_last4_old,
        name_std,
        name_sound,
        surname_sound,
        given_name is not null as is_whole_name,
        is_name_han,
        case when is_mobile_valid then mobile_std else mobile_shown end as mobile_std,
        birth_date,
        birth_date_std,
        sex_std,
        address_key,
        email_std,
        unionid
    from {{ ref('int_identity__standard_record') }}
),

agents_mobiles as (
    select mobile_std
    from {{ ref('int_identity__mobile') }}
    where is_agents
),

-- A slip leaves all but two places as they are: only then the distance is worked out, which costs more.
compared as (
    select
        pairs.record_a,
        pairs.record_b,
        a.is_gone or b.is_gone as is_gone,
        coalesce(a.is_id_valid and b.is_id_valid, false) as is_labelled,
        pairs.is_on_policy,
        pairs.is_policy_shown,
        pairs.is_same_who,
        pairs.is_named_by_card,
        pairs.is_sale,
        case
            when a.id_kind is null or b.id_kind is null
                then
                    case
                        when a.id_std is null or b.id_std is null then 'none'
                        when a.id_guess = b.id_guess then 'guess'
                        when length(a.id_std) = length(b.id_std) and damerau_levenshtein(a.id_std, b.id_std) = 1 then 'near'
                        else 'other'
                    end
            when a.id_kind = b.id_kind and a.id_std = b.id_std then 'same'
            when a.id_kind <> b.id_kind and a.residence_key = b.residence_key then 'near'
            when a.id_kind = b.id_kind and a.id_kind in ('RIC', 'HKMO', 'TW') then 'different'
            else 'other'
        end as id_relation,
        case
            when a.id_last4 is null or b.id_last4 is null then 'none'
            when a.id_last4 = b.id_last4 or a.id_last4_old = b.id_last4 or a.id_last4 = b.id_last4_old then 'same'
            when damerau_levenshtein(a.id_last4, b.id_last4) = 1 then 'near'
            else 'different'
        end as last4_relation,
        case
            when a.name_std is null or b.name_std is null then 'none'
            -- Of 王先生 only the surname is known: it contradicts other surnames and says little for its own.
            when not a.is_whole_name or not b.is_whole_name
                then case when a.surname_sound = b.surname_sound then 'surname' else 'different' end
            when a.name_std = b.name_std then 'same'
            when a.name_sound = b.name_sound and not (a.is_name_han and b.is_name_han) then 'sound'
            -- 李洋 and 杨丽 have the same syllables, and nothing to do with each other.
            when a.name_sound = b.name_sound then case when a.surname_sound = b.surname_sound then 'homophone' else 'different' end
            when (
                abs(length(a.name_sound) - length(b.name_sound)) <= 1 and damerau_levenshtein(a.name_sound, b.name_sound) <= 1
            ) or (
                a.is_name_han and b.is_name_han and length(a.name_std) >= 3
                and damerau_levenshtein(a.name_std, b.name_std) = 1
            ) then 'near'
            else 'different'
        end as name_relation,
        case
            when a.mobile_std is null or b.mobile_std is null then 'none'
            -- Seven digits are shown of one of the two: as good as a number with one wrong digit.
            when length(a.mobile_std) = 7 or length(b.mobile_std) = 7
                then
                    case
                        when left(a.mobile_std, 3) = left(b.mobile_std, 3) and right(a.mobile_std, 4) = right(b.mobile_std, 4) then 'near'
                        else 'different'
                    end
            when a.mobile_std = b.mobile_std then 'same'
            when hamming(a.mobile_std, b.mobile_std) <= 2 and damerau_levenshtein(a.mobile_std, b.mobile_std) = 1 then 'near'
            else 'different'
        end as mobile_relation,
        case
            when a.birth_date_std is null or b.birth_date_std is null then 'none'
            when a.birth_date_std = b.birth_date_std then 'same'
            when
                year(a.birth_date_std) = year(b.birth_date_std) and month(a.birth_date_std) = day(b.birth_date_std)
                and day(a.birth_date_std) = month(b.birth_date_std) then 'swapped'
            when
                hamming(cast(a.birth_date_std as varchar), cast(b.birth_date_std as varchar)) <= 2
                and damerau_levenshtein(cast(a.birth_date_std as varchar), cast(b.birth_date_std as varchar)) = 1 then 'near'
            else 'different'
        end as birth_relation,
        case
            when a.address_key is null or b.address_key is null then 'none'
            when a.address_key = b.address_key then 'same'
            else 'different'
        end as address_relation,
        case
            when a.email_std is null or b.email_std is null then 'none'
            when a.email_std = b.email_std then 'same'
            else 'different'
        end as email_relation,
        coalesce(a.unionid = b.unionid, false) as is_unionid_same,
        coalesce(a.sex_std <> b.sex_std, false) as is_sex_different,
        coalesce(a.birth_date = b.birth_date, false) as is_birth_delivered_same,
        coalesce(contains(a.name_std, b.name_std) or contains(b.name_std, a.name_std), false) as is_name_part,
        agents_mobiles.mobile_std is not null as is_mobile_agents,
        namesakes.mobile_std is not null as is_mobile_namesakes
    from pairs
    inner join facts as a on pairs.record_a = a.record_no
    inner join facts as b on pairs.record_b = b.record_no
    -- A condition between a and b alone would make this a nested loop over all mobiles: the shared number is one expression.
    left join agents_mobiles on case when a.mobile_std = b.mobile_std then a.mobile_std end = agents_mobiles.mobile_std
    left join {{ ref('int_identity__namesakes_mobile') }} as namesakes
        on
            case when a.mobile_std = b.mobile_std and a.name_sound = b.name_sound then a.mobile_std end = namesakes.mobile_std
            and a.name_sound = namesakes.name_sound
),

-- The rule that says who they are.
int_identity__pair as (
    select
        *,
        {{ identity_rule('id_relation', 'last4_relation') }} as rule
    from compared
)

select * from int_identity__pair
