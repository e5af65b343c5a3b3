-- What became of customers' ids, from the publication log and this generation's own steps. Records of erased persons tell nothing.
with logged as (
    select
        publication.generation_id,
        publication.as_of,
        published_record.source_system,
        published_record.source_record_id,
        published_record.previous_customer_id,
        published_record.customer_id,
        published_record.change,
        published_record.reason
    from {{ source('lake', 'published_record') }} as published_record
    inner join {{ source('lake', 'publication') }} as publication on published_record.sequence = publication.sequence
    where published_record.change is not null
),

own as (
    select
        generation_info.generation_id,
        {{ as_of() }} as as_of,
        steps.source_system,
        steps.source_record_id,
        steps.previous_customer_id,
        steps.customer_id,
        steps.change,
        steps.reason
    from {{ ref('core_record_step') }} as steps
    cross join {{ source('lake', 'generation_info') }} as generation_info
    where steps.change is not null
),

told as (
    select * from logged
    union all
    select * from own
),

customer_id_history as (
    select
        told.previous_customer_id as old_customer_id,
        told.customer_id,
        told.change,
        told.as_of,
        told.reason,
        count(*) as records,
        -- Where most of these records are now: whom to look for under the old id.
        mode(now.customer_id) as current_customer_id,
        told.generation_id
    from told
    left join {{ ref('int_identity__erased_record') }} as erased
        on told.source_system = erased.source_system and told.source_record_id = erased.source_record_id
    left join {{ ref('int_identity__customer_record') }} as now
        on told.source_system = now.source_system and told.source_record_id = now.source_record_id
    where erased.record_key is null
    group by
        told.previous_customer_id, told.customer_id, told.change, told.as_of, told.reason, told.generation_id
)

select * from customer_id_history
