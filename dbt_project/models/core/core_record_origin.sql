-- The delivered row or rows behind each record that describes a person: a follower's binding is a second row, and the tags of
-- one `who` are one record.
{% set tables = {
    'stg_core_life__client': 'record_key',
    'stg_core_banca__cust': 'record_key',
    'stg_channel_individual__prospects': 'record_key',
    'stg_channel_broker__customers': 'record_key',
    'stg_channel_banca__referrals': 'record_key',
    'stg_wechat__followers': 'record_key',
    'stg_wechat__bindings': 'record_key',
    'stg_crm__cards': "'crm:card:' || card_id",
    'stg_crm__activities': "'crm:activity:' || activity_id",
    'stg_crm__surveys': "'crm:survey:' || survey_id",
    'stg_crm__complaints': "'crm:complaint:' || complaint_id",
    'stg_crm__consents': "'crm:consent:' || consent_id",
    'stg_crm__customer_tags': "'crm:tag:' || substr(" ~ sha256_hex('who') ~ ", 1, 16)"
} %}

with delivered as (
    {%- for model, key in tables.items() %}
        select
            {{ key }},
            '{{ model.split('__')[1] }}' as table_name,
            business_date,
            file_name,
            line_number
        from {{ ref(model) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

record_origin as (
    select
        records.customer_id,
        records.record_key,
        records.source_system,
        records.source_record_id,
        delivered.table_name,
        delivered.business_date,
        delivered.file_name,
        delivered.line_number
    from {{ ref('int_identity__customer_record') }} as records
    inner join delivered on records.record_key = delivered.record_key
)

select * from record_origin
