-- Tags of every channel with their origin; of one tag from one record the newest value counts.
with crm_tags as (
    select
        links.customer_id,
        tags.tag,
        tags.value,
        'crm' as source_system,
        'tag:' || links.row_id as source_record_id,
        tags.tagged_at
    from {{ ref('stg_crm__customer_tags') }} as tags
    inner join {{ ref('int_identity__crm_link') }} as links
        on links.kind = 'tag' and links.row_id = substr({{ sha256_hex('tags.who') }}, 1, 16)
    where not coalesce(tags.retired, false)
),

activity_tags as (
    select
        links.customer_id,
        unnest({{ json_texts('activities.tags') }}) as tag,
        cast(null as varchar) as value,
        'crm' as source_system,
        'activity:' || activities.activity_id as source_record_id,
        activities.occurred_at as tagged_at
    from {{ ref('stg_crm__activities') }} as activities
    inner join {{ ref('int_identity__crm_link') }} as links
        on activities.activity_id = links.row_id and links.kind = 'activity'
),

list_tags as (
    select
        source_system,
        prospect_no as source_record_id,
        tags
    from {{ ref('stg_channel_individual__prospects') }}
    union all
    select
        source_system,
        source_record_id,
        tags
    from {{ ref('stg_channel_broker__customers') }}
),

record_tags as (
    select
        records.customer_id,
        trim(unnest(regexp_split_to_array(list_tags.tags, '[;；,，、]'))) as tag,
        cast(null as varchar) as value,
        list_tags.source_system,
        list_tags.source_record_id,
        cast(null as timestamp) as tagged_at
    from list_tags
    inner join {{ ref('int_identity__customer_record') }} as records
        on list_tags.source_system = records.source_system and list_tags.source_record_id = records.source_record_id
),

follower_tag_ids as (
    select
        source_system,
        openid,
        unnest({{ json_texts('tagid_list') }}) as tag_id
    from {{ ref('stg_wechat__followers') }}
),

follower_tags as (
    select
        records.customer_id,
        tags.name as tag,
        cast(null as varchar) as value,
        follower_tag_ids.source_system,
        follower_tag_ids.openid as source_record_id,
        cast(null as timestamp) as tagged_at
    from follower_tag_ids
    inner join {{ ref('stg_wechat__tags') }} as tags
        on follower_tag_ids.source_system = tags.source_system and follower_tag_ids.tag_id = cast(tags.tag_id as varchar)
    inner join {{ ref('int_identity__customer_record') }} as records
        on
            follower_tag_ids.source_system = records.source_system
            and follower_tag_ids.openid = records.source_record_id
),

all_tags as (
    select * from crm_tags
    union all
    select * from activity_tags
    union all
    select * from record_tags
    union all
    select * from follower_tags
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, tag, source_system, source_record_id order by tagged_at desc nulls last, value asc
        ) as nth
    from all_tags
    where customer_id is not null and tag != ''
),

customer_tag as (
    select
        customer_id,
        tag,
        value,
        source_system,
        source_record_id,
        tagged_at
    from ranked
    where nth = 1
)

select * from customer_tag
