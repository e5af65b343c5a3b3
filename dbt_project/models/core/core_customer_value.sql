-- Survivorship of rules.md §3: the newest calendar day, then the order of the sources, then the greater record id; a
-- checksum-valid ID beats any other, and a placeholder mobile or an income of zero is no value. Each attribute is chosen for
-- itself, so a value says which record it is from, of how many it was chosen, and what decided.
{#- Where an attribute is not the record's column of that name: what it is (`value`), when it counts (`condition`), which values
    beat newer ones (`is_preferred`), and whether the chosen one is valid. -#}
{% set attributes = [
    {'name': 'name'},
    {'name': 'sex'},
    {'name': 'birth_date'},
    {
        'name': 'id_number',
        'value': golden_id_number(),
        'kind': "case when is_id_valid then coalesce(id_type, 'ID') else id_type end",
        'is_valid': 'coalesce(is_id_valid, false)',
        'is_preferred': 'coalesce(is_id_valid, false)'
    },
    {
        'name': 'mobile',
        'value': 'coalesce(mobile_std, mobile)',
        'condition': 'not ' ~ stands_for_no_mobile(),
        'is_valid': 'coalesce(is_mobile_valid, false)'
    },
    {'name': 'email'},
    {'name': 'address'},
    {'name': 'region_code'},
    {'name': 'annual_income', 'condition': 'annual_income > 0'},
    {'name': 'marital_status'},
    {'name': 'education'}
] %}
{% set precedence = 'partition by customer_id, attribute '
    ~ 'order by is_preferred desc, changed_at desc nulls last, source_rank asc, source_record_id desc' %}

with records as (
    select
        links.customer_id,
        persons.*,
        least({{ source_order('persons.source_system') }}, 7) as source_rank,
        regexp_replace({{ half_width('persons.mobile') }}, '[^0-9]', '', 'g') as mobile_all_digits
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
),

delivered as (
    {%- for attribute in attributes %}
        select
            customer_id,
            '{{ attribute.name }}' as attribute,
            cast({{ attribute.value or attribute.name }} as varchar) as value,
            {{ attribute.kind or 'cast(null as varchar)' }} as value_kind,
            {{ attribute.is_valid or 'cast(null as boolean)' }} as is_valid,
            {{ attribute.is_preferred or 'false' }} as is_preferred,
            record_key,
            source_system,
            source_record_id,
            source_rank,
            changed_at
        from records
        where {{ attribute.value or attribute.name }} is not null{{ ' and ' ~ attribute.condition if attribute.condition }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        *,
        row_number() over ({{ precedence }}) as nth,
        lead(is_preferred) over ({{ precedence }}) as is_next_preferred,
        lead(changed_at) over ({{ precedence }}) as next_changed_at,
        lead(source_rank) over ({{ precedence }}) as next_source_rank,
        count(*) over (partition by customer_id, attribute) as bearers,
        count(distinct value) over (partition by customer_id, attribute) as candidates
    from delivered
),

customer_value as (
    select
        customer_id,
        attribute,
        value,
        value_kind,
        is_valid,
        record_key,
        source_system,
        source_record_id,
        changed_at as changed_on,
        bearers,
        candidates,
        case
            when bearers = 1 then 'ONLY_RECORD'
            when is_preferred and not is_next_preferred then 'VALID_ID'
            when changed_at is not null and coalesce(next_changed_at < changed_at, true) then 'NEWEST_DAY'
            when next_source_rank > source_rank then 'SOURCE_ORDER'
            else 'RECORD_ID'
        end as chosen_by
    from ranked
    where nth = 1
)

select * from customer_value
