with customer_source as (
    select
        source_system,
        source_record_id,
        customer_id,
        match_rule,
        cast(match_score as double) as match_score,
        matched_to
    from {{ ref('int_identity__customer_record') }}
)

select * from customer_source
