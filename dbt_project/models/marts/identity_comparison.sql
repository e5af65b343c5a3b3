-- What each comparison of two records is worth: how often two records of one person compare so (measured in this build on pairs
-- with one valid ID number; for the number itself on pairs that a rule links without it), against how often two persons do by
-- chance. Where chance can't be reckoned, pairs that met and have two valid ID numbers stand for it. These weights explain; they
-- decide nothing (identity_evidence does).
{% set fields = {
    'id_relation': "case when is_id_valid then id_std end",
    'last4_relation': 'id_last4',
    'name_relation': 'case when given_name is not null then name_std end',
    'mobile_relation': 'case when is_mobile_valid then mobile_std else mobile_shown end',
    'birth_relation': 'cast(birth_date_std as varchar)',
    'email_relation': 'email_std',
    'address_relation': 'address_key'
} %}
{% set comparisons = fields.keys() | list + ['is_on_policy'] %}

with records as (
    select
        {%- for comparison, value in fields.items() %}
            {{ value }} as {{ comparison }},
        {%- endfor %}
        links.customer_id
    from {{ ref('int_identity__person_record') }} as persons
    inner join {{ ref('int_identity__customer_record') }} as links on persons.record_key = links.record_key
),

bearers as (
    {%- for comparison in fields %}
        select
            '{{ comparison }}' as comparison,
            {{ comparison }} as value,
            count(distinct customer_id) as persons
        from records
        where {{ comparison }} is not null
        group by {{ comparison }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

known as (
    {%- for comparison in fields %}
        select
            '{{ comparison }}' as comparison,
            {{ ratio('count(' ~ comparison ~ ')', 'count(*)') }} as share_known
        from records
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- That two persons bear one value: pairs of persons who do, over all pairs of persons, one more than were seen.
shared as (
    select
        comparison,
        (sum(cast(persons as double) * (persons - 1)) + 2) / (sum(persons) * (cast(sum(persons) as double) + 1)) as chance_same
    from bearers
    group by comparison
),

by_chance as (
    select
        known.comparison,
        'none' as level,
        1 - power(known.share_known, 2) as share_different
    from known
    union all
    select
        known.comparison,
        'same' as level,
        power(known.share_known, 2) * shared.chance_same as share_different
    from known
    inner join shared on known.comparison = shared.comparison
    union all
    select
        known.comparison,
        'different' as level,
        power(known.share_known, 2) * (1 - shared.chance_same) as share_different
    from known
    inner join shared on known.comparison = shared.comparison
),

labelled as (
    select
        *,
        id_relation = 'same' as is_one_person,
        -- What would be said of them if their numbers were not known.
        {{ identity_rule("'none'", "'none'") }} as rule_without_id
    from {{ ref('int_identity__pair') }}
    where is_labelled and not is_gone and id_relation in ('same', 'different')
),

counted as (
    {%- for comparison in comparisons %}
        select
            '{{ comparison }}' as comparison,
            cast({{ comparison }} as varchar) as level,
            count(*) filter (where {{ 'true' if comparison == 'id_relation' else 'is_one_person' }}) as pairs_same,
            count(*) filter (where not is_one_person) as pairs_different
        from labelled
        {{ 'where rule_without_id is not null' if comparison == 'id_relation' }}
        group by {{ comparison }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- One pair more at each level than was seen, so that what was never seen is not impossible.
shares as (
    select
        comparison,
        level,
        pairs_same,
        pairs_different,
        {{ ratio('pairs_same + 1', 'sum(pairs_same + 1) over (partition by comparison)') }} as share_same,
        {{ ratio('pairs_different + 1', 'sum(pairs_different + 1) over (partition by comparison)') }} as share_met
    from counted
),

compared as (
    select
        shares.comparison,
        shares.level,
        shares.pairs_same,
        shares.pairs_different,
        shares.share_same,
        coalesce(by_chance.share_different, shares.share_met) as share_different
    from shares
    left join by_chance on shares.comparison = by_chance.comparison and shares.level = by_chance.level
),

sizes as (
    select
        customer_id,
        count(*) as records
    from records
    group by customer_id
),

-- Before anything is compared: that two records drawn blindly are one person's.
blind as (
    select
        'prior' as comparison,
        'two records' as level,
        coalesce(sum(cast(records as double) * (records - 1) / 2), 0) as pairs_same,
        sum(cast(records as double)) * (sum(records) - 1) / 2
        - coalesce(sum(cast(records as double) * (records - 1) / 2), 0) as pairs_different
    from sizes
),

measured as (
    select
        comparison,
        level,
        pairs_same,
        pairs_different,
        (pairs_same + 1) / (pairs_same + pairs_different + 2) as share_same,
        (pairs_different + 1) / (pairs_same + pairs_different + 2) as share_different
    from blind
    union all
    select * from compared
),

identity_comparison as (
    select
        comparison,
        level,
        cast(pairs_same as bigint) as pairs_same,
        cast(pairs_different as bigint) as pairs_different,
        share_same,
        share_different,
        case when share_same > 0 and share_different > 0 then log2(share_same / share_different) end as weight
    from measured
)

select * from identity_comparison
