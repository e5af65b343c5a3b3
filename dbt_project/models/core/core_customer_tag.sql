-- Tags of every channel, each from the record that bears it, in the words of the synonym table. A tag in another width, case,
-- or with spaces is the same tag.
with crm_tags as (
    select
        links.customer_id,
        tags.tag,
        tags.value,
        'crm' as source_system,
        'tag:' || links.row_id as source_record_id,
        tags.tagged_at,
        cast(tags.tagged_at as date) as known_on
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
        activities.occurred_at as tagged_at,
        cast(activities.occurred_at as date) as known_on
    from {{ ref('stg_crm__activities') }} as activities
    inner join {{ ref('int_identity__crm_link') }} as links
        on activities.activity_id = links.row_id and links.kind = 'activity'
),

-- Lists of tags say not when a tag was given: the day of the record stands for it where two values contradict each other.
list_tags as (
    select
        source_system,
        prospect_no as source_record_id,
        unnest(regexp_split_to_array(tags, '[;；,，、]')) as tag
    from {{ ref('stg_channel_individual__prospects') }}
    union all
    select
        source_system,
        source_record_id,
        unnest(regexp_split_to_array(tags, '[;；,，、]')) as tag
    from {{ ref('stg_channel_broker__customers') }}
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
        follower_tag_ids.source_system,
        follower_tag_ids.openid as source_record_id,
        tags.name as tag
    from follower_tag_ids
    inner join {{ ref('stg_wechat__tags') }} as tags
        on follower_tag_ids.source_system = tags.source_system and follower_tag_ids.tag_id = cast(tags.tag_id as varchar)
),

record_tags as (
    select
        records.customer_id,
        listed.tag,
        cast(null as varchar) as value,
        listed.source_system,
        listed.source_record_id,
        cast(null as timestamp) as tagged_at,
        persons.changed_at as known_on
    from (
        select * from list_tags
        union all by name
        select * from follower_tags
    ) as listed
    inner join {{ ref('int_identity__customer_record') }} as records
        on listed.source_system = records.source_system and listed.source_record_id = records.source_record_id
    inner join {{ ref('int_identity__person_record') }} as persons on records.record_key = persons.record_key
),

all_tags as (
    select * from crm_tags
    union all
    select * from activity_tags
    union all
    select * from record_tags
),

cleaned as (
    select
        customer_id,
        trim({{ half_width('tag') }}) as delivered_tag,
        lower(regexp_replace({{ half_width('tag') }}, '\s+', '', 'g')) as tag_key,
        nullif(trim(value), '') as delivered_value,
        source_system,
        source_record_id,
        tagged_at,
        known_on
    from all_tags
    where customer_id is not null
),

synonyms as (
    select
        lower(regexp_replace({{ half_width('synonym.tag') }}, '\s+', '', 'g')) as tag_key,
        synonym.value,
        synonym.unified_tag,
        synonym.unified_value
    from {{ ref('tag_synonym') }} as synonym
    where {{ valid_on('synonym', as_of()) }}
),

unified as (
    select
        cleaned.*,
        coalesce(of_value.unified_tag, of_tag.unified_tag, cleaned.delivered_tag) as tag,
        case
            when of_value.unified_tag is not null then of_value.unified_value
            when of_tag.unified_tag is not null then coalesce(of_tag.unified_value, cleaned.delivered_value)
            else cleaned.delivered_value
        end as value
    from cleaned
    left join synonyms as of_value on cleaned.tag_key = of_value.tag_key and cleaned.delivered_value = of_value.value
    left join synonyms as of_tag on cleaned.tag_key = of_tag.tag_key and of_tag.value is null
    where cleaned.tag_key != ''
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, tag, source_system, source_record_id
            order by known_on desc nulls last, tagged_at desc nulls last, value asc nulls last, delivered_tag asc
        ) as nth
    from unified
),

customer_tag as (
    select
        customer_id,
        tag,
        value,
        delivered_tag,
        delivered_value,
        source_system,
        source_record_id,
        tagged_at,
        known_on
    from ranked
    where nth = 1
)

select * from customer_tag
