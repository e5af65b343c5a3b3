-- Two nuclei that met in some block but that nothing strong joins: how they compare as wholes, and which weak rule might
-- make them one person. Weak evidence never stands against a contradiction: another ID, sex, WeChat user, name or birth date.
-- Records that are gone are compared as if they were there, so that they keep their place; they count for nobody else.
with nuclei as (
    select
        record_no,
        nucleus_no
    from {{ ref('int_identity__nucleus') }}
),

met as (
    select
        least(a.nucleus_no, b.nucleus_no) as nucleus_a,
        greatest(a.nucleus_no, b.nucleus_no) as nucleus_b,
        min({ 'first': pairs.record_a, 'second': pairs.record_b }) as records,
        bool_or(pairs.rule in ('VETO_ID', 'REVIEW_ID_TWO_NAMES')) as is_vetoed,
        bool_or(pairs.name_relation in ('same', 'sound')) as is_name_same,
        bool_or(pairs.name_relation = 'homophone') as is_name_homophone,
        bool_or(pairs.name_relation = 'near') as is_name_near,
        bool_or(pairs.is_sale) as is_sale,
        bool_or(pairs.birth_relation in ('swapped', 'near')) as is_birth_near,
        bool_or(pairs.is_policy_shown) as is_policy_shown,
        bool_or(pairs.is_mobile_agents) as is_mobile_agents,
        bool_or(pairs.is_gone) as is_gone
    from {{ ref('int_identity__pair') }} as pairs
    inner join nuclei as a on pairs.record_a = a.record_no
    inner join nuclei as b on pairs.record_b = b.record_no
    where a.nucleus_no <> b.nucleus_no
    group by all
),

weighed as (
    select
        record_no,
        nucleus_no
    from nuclei
    where
        nucleus_no in (
            select met.nucleus_a from met
            union all
            select met.nucleus_b from met
        )
),

-- What the records of a nucleus say. Only of mobiles it matters how many different ones there are.
facts as (
    select
        weighed.nucleus_no,
        count(*) as records,
        -- A number for life; a passport or a certificate is issued anew.
        list(records.id_kind || ':' || records.id_std) filter (where records.id_kind in ('RIC', 'HKMO', 'TW')) as ids,
        count(records.id_kind) > 0 as is_identified,
        list_distinct(
            list(records.id_last4) filter (where records.id_last4 is not null)
            || coalesce(list(records.id_last4_old) filter (where records.id_last4_old is not null), [])
        ) as last4s,
        list(records.name_sound) filter (where records.given_name is not null) as names,
        list(records.surname_sound) filter (where records.surname_sound is not null) as surnames,
        list(records.sex_std) filter (where records.sex_std is not null) as sexes,
        list(records.birth_date_std) filter (where records.birth_date_std is not null) as births,
        list(distinct records.mobile_std) filter (where records.is_mobile_valid and not coalesce(mobiles.is_agents, false)) as mobiles,
        list(records.address_key) filter (where records.address_key is not null) as addresses,
        list(records.unionid) filter (where records.unionid is not null) as unionids,
        list(records.source_system) filter (where starts_with(records.source_system, 'wechat_')) as accounts,
        list(records.source_system) filter (where starts_with(records.source_system, 'core_')) as cores,
        count(*) filter (where records.is_mobile_valid and not starts_with(records.source_system, 'wechat_')) as mobile_records,
        min(records.birth_date_std) as born_on,
        min(records.changed_at) filter (where starts_with(records.source_system, 'wechat_')) as bound_on,
        max(records.marital_status) as marital_status,
        max(bearers.persons) as namesakes,
        bool_or(coalesce(starts_with(records.source_system, 'wechat_') and records.bound_policy_no is not null, false)) as shows_policy
    from weighed
    inner join {{ ref('int_identity__standard_record') }} as records on weighed.record_no = records.record_no
    left join {{ ref('int_identity__bearer') }} as bearers on records.name_sound = bearers.name_sound
    left join {{ ref('int_identity__mobile') }} as mobiles on records.mobile_std = mobiles.mobile_std
    group by weighed.nucleus_no
),

compared as (
    select
        met.*,
        {{ set_relation('a.ids', 'b.ids') }} as id_relation,
        {{ set_relation('a.last4s', 'b.last4s') }} as last4_relation,
        {{ set_relation('a.surnames', 'b.surnames') }} as surname_relation,
        {{ set_relation('a.sexes', 'b.sexes') }} as sex_relation,
        {{ set_relation('a.births', 'b.births') }} as birth_relation,
        {{ set_relation('a.mobiles', 'b.mobiles') }} as mobile_relation,
        {{ set_relation('a.addresses', 'b.addresses') }} as address_relation,
        {{ set_relation('a.unionids', 'b.unionids') }} as unionid_relation,
        coalesce(list_has_any(a.accounts, b.accounts), false) as is_same_account,
        coalesce(list_has_any(a.cores, b.cores), false) as is_same_core,
        a.names is not null and b.names is not null as are_both_named,
        -- The one of the two that knows less: what is sought is whose record it is.
        a.names is null and b.names is not null as is_a_nameless,
        b.names is null as is_b_nameless,
        a.names is null and b.names is null and a.accounts is not null and b.accounts is not null as are_both_nameless_followers,
        a.ids is not null as is_a_sure,
        b.ids is not null as is_b_sure,
        a.is_identified as is_a_identified,
        b.is_identified as is_b_identified,
        a.born_on as born_on_a,
        b.born_on as born_on_b,
        least(a.bound_on, b.bound_on) as bound_on,
        a.records as records_a,
        b.records as records_b,
        greatest(coalesce(a.namesakes, 0), coalesce(b.namesakes, 0)) as namesakes
    from met
    inner join facts as a on met.nucleus_a = a.nucleus_no
    inner join facts as b on met.nucleus_b = b.nucleus_no
),

-- Each pair from the side that knows less (no name, or no ID number) to the one whom it might belong to.
directed as (
    select
        nucleus_a as nucleus_no,
        nucleus_b as other_no,
        is_b_identified as is_other_identified,
        *
    from compared
    where is_a_nameless or (are_both_named and not is_a_sure)
    union all
    select
        nucleus_b as nucleus_no,
        nucleus_a as other_no,
        is_a_identified as is_other_identified,
        *
    from compared
    where is_b_nameless or (are_both_named and not is_b_sure)
),

-- Who else uses the number, as far as records with a name say, and since when this person is seen using it.
users as (
    select
        directed.nucleus_no,
        directed.other_no,
        directed.is_gone,
        coalesce(others.born_on + {{ adult_age() }} <= self.bound_on, true) as is_adult,
        others.mobile_records,
        len(others.mobiles) as other_mobiles,
        len(self.mobiles) as own_mobiles,
        -- Somebody of that age without a spouse shares a number with nobody, as far as one can know.
        coalesce(
            others.marital_status <> 'M'
            and others.born_on + to_years(cast({{ identity_parameter('elder_years') }} as integer)) > self.bound_on,
            false
        ) as is_alone,
        coalesce(families.is_spouse_reachable, false) as is_paired,
        coalesce(families.eldest_child_born_on + {{ adult_age() }} <= self.bound_on, false) as has_grown_child,
        self.bound_on is not null as is_follower,
        self.shows_policy
    from directed
    inner join facts as self on directed.nucleus_no = self.nucleus_no
    inner join facts as others on directed.other_no = others.nucleus_no
    left join {{ ref('int_identity__family') }} as families on directed.other_no = families.nucleus_no
    where not directed.are_both_named and directed.mobile_relation = 'same' and others.names is not null
),

usage as (
    select
        *,
        case
            when is_gone then count(*) filter (where is_adult) over everyone
            else count(*) filter (where is_adult and not is_gone) over everyone
        end as adults,
        case when is_gone then count(*) over everyone else count(*) filter (where not is_gone) over everyone end as persons
    from users
    window everyone as (partition by nucleus_no)
),

int_identity__weak_pair as (
    select
        directed.nucleus_no,
        directed.other_no,
        directed.records['first'] as record_no,
        directed.records['second'] as other_record_no,
        directed.records_b + directed.records_a as records,
        directed.is_other_identified,
        coalesce(usage.is_follower, false) and not directed.are_both_named as is_follower,
        directed.is_gone,
        case
            when
                directed.is_vetoed or directed.id_relation = 'different' or directed.sex_relation = 'different'
                or directed.unionid_relation = 'different' or directed.last4_relation = 'different' or directed.is_same_account
                then null
            when directed.are_both_named and directed.is_name_same
                then
                    case
                        when directed.birth_relation = 'different' and not directed.is_birth_near then null
                        when directed.birth_relation = 'same' and directed.mobile_relation = 'different'
                            then case when directed.address_relation <> 'different' then 'SOLE_NAME_BIRTH_OTHER_MOBILE' end
                        when directed.birth_relation = 'same' and (directed.is_same_core or not directed.is_other_identified)
                            then 'SOLE_NAME_BIRTH_UNIDENTIFIED'
                        when
                            directed.birth_relation = 'same'
                            and directed.namesakes * {{ chance_of_birthday() }} <= {{ identity_parameter('namesakes_at') }}
                            then 'SOLE_NAME_BIRTH'
                        when directed.birth_relation = 'same' then 'SOLE_COMMON_NAME_BIRTH'
                        when directed.address_relation = 'same' then 'SOLE_NAME_ADDRESS'
                        when directed.is_sale and directed.mobile_relation <> 'different' then 'SOLE_NAME_SALE'
                        when directed.is_sale then 'SOLE_NAME_SALE_OTHER_MOBILE'
                        when
                            directed.last4_relation = 'same'
                            and directed.namesakes * {{ chance_of_last4() }} <= {{ identity_parameter('namesakes_at') }}
                            then 'SOLE_NAME_LAST4'
                        when directed.last4_relation = 'same' then 'SOLE_COMMON_NAME_LAST4'
                        when directed.is_mobile_agents and directed.birth_relation = 'none' then 'SOLE_NAME_AGENTS_MOBILE'
                    end
            when directed.are_both_named and directed.is_name_homophone
                then
                    case
                        when directed.birth_relation = 'different' then null
                        when directed.mobile_relation = 'same' then 'SOLE_HOMOPHONE_MOBILE'
                        when directed.birth_relation = 'same' and directed.mobile_relation = 'different'
                            then 'SOLE_HOMOPHONE_BIRTH_OTHER_MOBILE'
                        when directed.birth_relation = 'same' then 'SOLE_HOMOPHONE_BIRTH'
                        when directed.address_relation = 'same' then 'SOLE_HOMOPHONE_ADDRESS'
                    end
            when directed.are_both_named and directed.is_name_near
                then
                    case
                        when directed.birth_relation = 'none' and directed.mobile_relation = 'same' then 'SOLE_NEAR_NAME_MOBILE'
                        when directed.birth_relation = 'same' and directed.address_relation = 'same' then 'SOLE_NEAR_NAME_BIRTH_ADDRESS'
                        when directed.birth_relation = 'same' and directed.mobile_relation = 'same' then 'SOLE_NEAR_NAME_BIRTH_MOBILE'
                    end
            when directed.are_both_named or directed.surname_relation = 'different' then null
            when directed.birth_relation = 'different' then null
            when directed.birth_relation = 'same' and directed.mobile_relation = 'same' then 'NAMELESS_BIRTH_MOBILE'
            when directed.birth_relation = 'same' and directed.address_relation = 'same' then 'NAMELESS_BIRTH_ADDRESS'
            -- A child binds no account: whoever shows its policy and uses the number on its records is a parent.
            when
                greatest(directed.born_on_a, directed.born_on_b) + {{ adult_age() }} > directed.bound_on then null
            when directed.is_policy_shown and directed.mobile_relation = 'same' then 'FOLLOWER_POLICY_MOBILE'
            when directed.is_policy_shown then 'FOLLOWER_POLICY'
            when directed.mobile_relation <> 'same' or coalesce(usage.shows_policy, false) then null
            when directed.are_both_nameless_followers
                then
                    case
                        when directed.nucleus_no not in (select users.nucleus_no from users where not users.is_gone)
                            then 'FOLLOWER_FOLLOWER'
                    end
            when directed.surname_relation = 'same'
                then case when usage.persons = 1 then 'SURNAME_MOBILE' else 'SURNAME_SHARED_MOBILE' end
            when not usage.is_follower or not usage.is_adult or usage.adults > 1 then null
            -- Who bound elsewhere with a number that this person is not known by is somebody else, or has a new number.
            when usage.own_mobiles > 1 then 'FOLLOWER_OTHER_MOBILE'
            else
                'FOLLOWER_' || case when usage.persons > 1 then 'FAMILY_' else '' end
                || case when usage.other_mobiles > 1 then 'CHANGED_' when usage.mobile_records > 1 then 'STEADY_' else 'ONCE_' end
                || case
                    when usage.is_alone then 'ALONE' when usage.has_grown_child then 'PARENT' when usage.is_paired then 'PAIRED'
                    else 'OTHER'
                end
        end as rule
    from directed
    left join usage on directed.nucleus_no = usage.nucleus_no and directed.other_no = usage.other_no
)

select * from int_identity__weak_pair
