-- What identity did in this build, in figures that somebody who watches it compares from build to build.
{% set measures = [
    ('CUSTOMERS', "'ALL'", 'customers', 'records', 'totals'),
    ('LARGEST_CUSTOMER', "'RECORDS'", 'largest', 'cast(null as bigint)', 'totals'),
    ('CUSTOMERS_BY_RECORDS', 'by_size.item', 'by_size.customers', 'totals.customers', 'by_size cross join totals'),
    ('CUSTOMERS_BY_SYSTEMS', 'by_systems.item', 'by_systems.customers', 'totals.customers', 'by_systems cross join totals'),
    ('MERGED', "'SINCE_LAST_MONTH_END'", 'merged.customers', 'compared.customers', 'merged cross join compared'),
    ('SPLIT', "'SINCE_LAST_MONTH_END'", 'split.customers', 'compared.customers', 'split cross join compared'),
    ('LINKS_BY_RULE', 'item', 'links', 'cast(null as bigint)', 'links'),
    ('GUARDS_FIRED', 'item', 'links', 'cast(null as bigint)', 'guards'),
    ('NOBODYS_VALUES', 'item', 'found', 'cast(null as bigint)', 'nobodys'),
    ('RULE_PRECISION_STEWARDED', 'item', 'agreed', 'decided', 'stewarded'),
    ('STEWARD_DECISIONS', 'item', 'decisions', 'cast(null as bigint)', 'effects'),
    ('STEWARD_QUEUE', 'item', 'pairs', 'cast(null as bigint)', 'cases'),
    ('UNRESOLVED', "'CUSTOMERS'", 'unresolved.customers', 'totals.customers', 'unresolved cross join totals')
] %}

with records as (
    select
        source_system,
        record_key,
        customer_id,
        match_rule
    from {{ ref('int_identity__customer_record') }}
),

clusters as (
    select
        customer_id,
        count(*) as records,
        count(distinct source_system) as systems
    from records
    group by customer_id
),

totals as (
    select
        count(*) as customers,
        coalesce(sum(records), 0) as records,
        coalesce(max(records), 0) as largest
    from clusters
),

-- Who was who at the last month's end, computed anew, against who is who now.
moved as (
    select distinct
        before.customer_id as old_customer_id,
        records.customer_id
    from {{ source('lake', 'previous_customer_source') }} as before
    inner join records on before.source_system || ':' || before.source_record_id = records.record_key
),

compared as (
    select count(distinct old_customer_id) as customers from moved
),

merged as (
    select coalesce(sum(olds - 1), 0) as customers
    from (select count(*) as olds from moved group by customer_id) as now_one
),

split as (
    select coalesce(sum(news - 1), 0) as customers
    from (select count(*) as news from moved group by old_customer_id) as once_one
),

by_size as (
    select
        case
            when records <= 5 then cast(records as varchar)
            when records <= 10 then '6-10'
            when records <= 20 then '11-20'
            when records <= 40 then '21-40'
            else '41+'
        end as item,
        count(*) as customers
    from clusters
    group by item
),

by_systems as (
    select
        cast(systems as varchar) as item,
        count(*) as customers
    from clusters
    group by item
),

links as (
    select
        links.rule as item,
        count(*) as links
    from {{ ref('int_identity__link') }} as links
    inner join {{ ref('int_identity__person_record') }} as a on links.record_a = a.record_no
    inner join {{ ref('int_identity__person_record') }} as b on links.record_b = b.record_no
    group by links.rule
),

guards as (
    select
        guard as item,
        count(*) as links
    from {{ ref('int_identity__cut_link') }}
    where cause = 'CUT'
    group by guard
),

-- Values of which there are so many bearers that they say nothing of whose a record is.
nobodys as (
    select
        kind as item,
        count(*) as found
    from {{ ref('int_identity__nobodys_value') }}
    group by kind
    union all
    select
        'mobile' as item,
        count(*) as found
    from {{ ref('int_identity__mobile') }}
    where is_agents
),

-- What the rules say of pairs that a steward decided on: LINK agrees with a rule that links, SEPARATE with one that forbids.
stewarded as (
    select
        pairs.rule as item,
        count(*) as decided,
        count(*) filter (
            where (decisions.action = 'LINK') = (pairs.rule not in ('VETO_ID', 'REVIEW_ID_TWO_NAMES'))
        ) as agreed
    from {{ ref('core_steward_decision') }} as decisions
    inner join {{ ref('int_identity__person_record') }} as a on decisions.record_key_a = a.record_key
    inner join {{ ref('int_identity__person_record') }} as b on decisions.record_key_b = b.record_key
    inner join {{ ref('int_identity__pair') }} as pairs
        on least(a.record_no, b.record_no) = pairs.record_a and greatest(a.record_no, b.record_no) = pairs.record_b
    where decisions.effect in ('IN_FORCE', 'NOT_FOLLOWED') and pairs.rule is not null
    group by pairs.rule
),

cases as (
    select
        reason as item,
        count(*) as pairs
    from {{ ref('core_steward_case') }}
    group by reason
),

unresolved as (
    select count(distinct customer_id) as customers
    from (
        select customer_id_a as customer_id from {{ ref('core_steward_case') }}
        union all
        select customer_id_b as customer_id from {{ ref('core_steward_case') }}
    ) as sides
),

effects as (
    select
        effect as item,
        count(*) as decisions
    from {{ ref('core_steward_decision') }}
    group by effect
),

measured as (
    {%- for metric, item, numerator, denominator, measured in measures %}
        select
            '{{ metric }}' as metric,
            cast({{ item }} as varchar) as item,
            {{ numerator }} as numerator,
            {{ denominator }} as denominator
        from {{ measured }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

identity_audit as (
    select
        metric,
        item,
        cast(numerator as bigint) as numerator,
        cast(denominator as bigint) as denominator,
        {{ ratio('numerator', 'denominator') }} as share
    from measured
)

select * from identity_audit
