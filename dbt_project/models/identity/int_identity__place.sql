-- The place of each record in history: the first of a cluster is its anchor (design decision 7). A model of its own, so that
-- only what orders records is sorted.
with int_identity__place as (
    select
        record_key,
        row_number() over (
            order by first_seen_on, {{ source_order('source_system') }}, source_record_id
        ) as record_no
    from {{ ref('int_identity__source_record') }}
)

select * from int_identity__place
