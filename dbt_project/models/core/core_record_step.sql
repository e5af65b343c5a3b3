-- Which source records belong to another customer than when it was last published, and why (issue of stable ids): the steps that
-- the publication log remembers. A customer whose records all went elsewhere was merged; one that only lost some was split.
with base as (
    select * from {{ source('lake', 'publication') }}
    where is_newest
),

-- Records of erased persons are passed over in silence: a generation does not say who they were.
published as (
    select
        published_record.source_system,
        published_record.source_record_id,
        arg_max_null(published_record.customer_id, published_record.sequence) as customer_id
    from {{ source('lake', 'published_record') }} as published_record
    left join {{ ref('int_identity__erased_record') }} as erased
        on
            published_record.source_system = erased.source_system
            and published_record.source_record_id = erased.source_record_id
    where erased.record_key is null
    group by published_record.source_system, published_record.source_record_id
),

records as (
    select
        source_system,
        source_record_id,
        record_key,
        customer_id
    from {{ ref('int_identity__customer_record') }}
),

compared as (
    select
        coalesce(records.source_system, published.source_system) as source_system,
        coalesce(records.source_record_id, published.source_record_id) as source_record_id,
        records.record_key,
        records.customer_id,
        published.customer_id as previous_customer_id
    from records
    full outer join published
        on records.source_system = published.source_system and records.source_record_id = published.source_record_id
),

moves as (
    select distinct
        previous_customer_id,
        customer_id
    from compared
    where customer_id <> previous_customer_id
),

-- Records of the customers that are part of a move, with their numbers and where they were.
concerned as (
    select
        compared.customer_id,
        compared.previous_customer_id,
        standard_record.record_no,
        coalesce(standard_record.changed_at > base.as_of or standard_record.first_seen_on > base.as_of, false) as is_touched
    from compared
    cross join base
    inner join {{ ref('int_identity__standard_record') }} as standard_record on compared.record_key = standard_record.record_key
    where
        compared.customer_id in (select moves.customer_id from moves)
        or compared.customer_id in (select moves.previous_customer_id from moves)
),

-- Links between records that belonged to different customers, or, for a separation, to one.
links as (
    select
        one.previous_customer_id as previous_a,
        other.previous_customer_id as previous_b,
        one.customer_id as customer_a,
        other.customer_id as customer_b,
        link.rule
    from {{ ref('int_identity__link') }} as link
    inner join concerned as one on link.record_a = one.record_no
    inner join concerned as other on link.record_b = other.record_no
    where one.previous_customer_id <> other.previous_customer_id or link.rule = 'STEWARD_SEPARATE'
),

-- Decisions that were in the stewards' file when it was last published, and are not any more.
withdrawn as (
    select
        one.previous_customer_id as previous_a,
        other.previous_customer_id as previous_b,
        one.customer_id as customer_a,
        other.customer_id as customer_b,
        delivered.action
    from {{ source('lake', 'stewardship__decisions') }} as delivered
    inner join compared as one on delivered.system_a = one.source_system and delivered.record_a = one.source_record_id
    inner join compared as other on delivered.system_b = other.source_system and delivered.record_b = other.source_record_id
    left join {{ ref('stg_stewardship__decisions') }} as decisions
        on
            delivered.decision_id = decisions.decision_id
            and delivered.action = decisions.action
            and delivered.record_a = decisions.record_a
            and delivered.record_b = decisions.record_b
    where
        decisions.decision_id is null
        and delivered._business_date = (
            select max(full_load.business_date)
            from {{ source('lake', 'full_load') }} as full_load
            cross join base
            where full_load.table_name = 'stewardship__decisions' and full_load.business_date <= base.as_of
        )
),

-- A separation that is withdrawn joins like a link, a link that is withdrawn parts like a separation.
stewarded as (
    select
        previous_a,
        previous_b,
        customer_a,
        customer_b,
        rule = 'STEWARD_LINK' as is_joining
    from links
    where rule in ('STEWARD_LINK', 'STEWARD_SEPARATE')
    union all
    select
        previous_a,
        previous_b,
        customer_a,
        customer_b,
        action = 'SEPARATE' as is_joining
    from withdrawn
),

told as (
    select
        moves.previous_customer_id,
        moves.customer_id,
        exists(
            select 1 from concerned where concerned.customer_id = moves.previous_customer_id
        ) as is_split,
        exists(
            select 1
            from stewarded
            where
                stewarded.is_joining
                and moves.customer_id = stewarded.customer_a
                and moves.customer_id = stewarded.customer_b
                and moves.previous_customer_id in (stewarded.previous_a, stewarded.previous_b)
        ) as is_joined_by_steward,
        exists(
            select 1
            from stewarded
            where
                not stewarded.is_joining
                and stewarded.previous_a = moves.previous_customer_id
                and stewarded.previous_b = moves.previous_customer_id
                and stewarded.customer_a <> stewarded.customer_b
                and moves.customer_id in (stewarded.customer_a, stewarded.customer_b)
        ) as is_parted_by_steward,
        exists(
            select 1
            from links
            where
                links.rule <> 'STEWARD_SEPARATE'
                and moves.customer_id = links.customer_a
                and moves.customer_id = links.customer_b
                and moves.previous_customer_id in (links.previous_a, links.previous_b)
        ) as is_linked_directly,
        exists(
            select 1
            from concerned
            where concerned.customer_id = moves.customer_id and concerned.previous_customer_id is null
        ) as has_new_record,
        exists(
            select 1
            from concerned
            where concerned.customer_id in (moves.customer_id, moves.previous_customer_id) and concerned.is_touched
        ) as is_touched
    from moves
),

-- The same records under other rules can only be the rules' doing; new evidence under the same rules only the evidence's.
versions as (
    select
        base.code_version <> generation_info.code_version
        or base.parameter_version <> generation_info.parameter_version as is_ruled_anew,
        base.lake_fingerprint = build_info.lake_fingerprint as is_same_lake
    from base
    cross join {{ source('lake', 'generation_info') }} as generation_info
    cross join {{ source('lake', 'build_info') }} as build_info
),

reasoned as (
    select
        told.previous_customer_id,
        told.customer_id,
        case when told.is_split then 'SPLIT' else 'MERGE' end as change,
        case
            when told.is_split and told.is_parted_by_steward then 'STEWARD'
            when not told.is_split and told.is_joined_by_steward then 'STEWARD'
            when versions.is_ruled_anew and (versions.is_same_lake or not told.is_touched) then 'RULE_CHANGE'
            when not told.is_split and not told.is_linked_directly and told.has_new_record then 'NEW_RECORD'
            else 'NEW_EVIDENCE'
        end as reason
    from told
    cross join versions
),

record_step as (
    select
        compared.source_system,
        compared.source_record_id,
        compared.customer_id,
        compared.previous_customer_id,
        reasoned.change,
        reasoned.reason
    from compared
    left join reasoned
        on compared.previous_customer_id = reasoned.previous_customer_id and compared.customer_id = reasoned.customer_id
    where compared.customer_id is distinct from compared.previous_customer_id
)

select * from record_step
