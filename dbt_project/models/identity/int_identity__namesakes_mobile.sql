-- Mobiles that two persons of one name use, as their ID numbers say: two clients of an agent, or a child insured under the parent's
-- name. Whose a record is that says nothing but this name and this mobile, nobody can know.
with int_identity__namesakes_mobile as (
    select
        mobile_std,
        name_sound
    from {{ ref('int_identity__person_record') }}
    where is_mobile_valid and given_name is not null and id_kind in ('RIC', 'HKMO', 'TW')
    group by mobile_std, name_sound
    having
        count(distinct case when id_kind = 'RIC' then id_std end) > 1
        or count(distinct case when id_kind <> 'RIC' then id_kind || id_std end) > 1
)

select * from int_identity__namesakes_mobile
