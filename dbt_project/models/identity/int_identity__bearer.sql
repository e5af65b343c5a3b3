-- How many persons with a known ID have a name: a rare name is more evidence than 张伟. What is frequent is frozen; a count can
-- only make a name more frequent, and then it is pairs of that name alone that change.
with int_identity__bearer as (
    select
        records.name_sound,
        greatest(
            count(distinct case when records.is_id_valid then records.id_std end),
            coalesce(max(names.per_million), 0) * {{ identity_parameter('persons_expected') }} / 1000000
        ) as persons
    from {{ ref('int_identity__person_record') }} as records
    left join {{ ref('identity_name_frequency') }} as names on records.name_sound = names.name_sound
    where records.name_sound is not null
    group by records.name_sound
)

select * from int_identity__bearer
