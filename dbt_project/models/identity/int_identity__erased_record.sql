-- Records of persons who asked to be erased: everyone whom such a record was found to be one person with.
with requests as (
    select distinct
        erased_system,
        erased_record_id
    from {{ ref('stg_stewardship__erasures') }}
),

erased_clusters as (
    select distinct clusters.anchor_no
    from requests
    inner join {{ ref('int_identity__person_record') }} as records
        on requests.erased_system = records.source_system and requests.erased_record_id = records.source_record_id
    inner join {{ ref('int_identity__cluster') }} as clusters on records.record_no = clusters.record_no
),

int_identity__erased_record as (
    select
        records.source_system,
        records.source_record_id,
        records.record_key
    from erased_clusters
    inner join {{ ref('int_identity__cluster') }} as clusters on erased_clusters.anchor_no = clusters.anchor_no
    inner join {{ ref('int_identity__person_record') }} as records on clusters.record_no = records.record_no
    union
    select
        erased_system as source_system,
        erased_record_id as source_record_id,
        erased_system || ':' || erased_record_id as record_key
    from requests
)

select * from int_identity__erased_record
