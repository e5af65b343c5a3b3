-- Survivorship of rules.md §3: the newest calendar day, then the order of the sources, then the greater record id; a
-- checksum-valid ID beats any other, and a placeholder mobile or an income of zero is no value.
with records as (
    select
        links.customer_id,
        persons.*
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by
                changed_at asc nulls first,
                case source_system
                    when 'core_life' then 1
                    when 'core_banca' then 2
                    when 'crm' then 3
                    when 'channel_individual' then 4
                    when 'channel_broker' then 5
                    when 'channel_banca' then 6
                    else 7
                end desc,
                source_record_id asc
        ) as recency,
        not is_mobile_valid and coalesce(regexp_matches(mobile_std, '^1[3-9][0-9]{9}$'), false) as is_mobile_placeholder
    from records
),

preferred as (
    select
        *,
        recency as precedence,
        recency + case when is_id_valid then 1000000000 else 0 end as id_precedence
    from ranked
),

customer_golden as (
    select
        customer_id,
        {{ golden('name') }},
        {{ golden('sex') }},
        {{ golden('birth_date') }},
        {{ newest_of('id_type', 'id_number is not null', 'id_precedence') }} as id_type,
        {{ newest_of('coalesce(id_std, id_number)', 'id_number is not null', 'id_precedence') }} as id_number,
        {{ newest_of('record_key', 'id_number is not null', 'id_precedence') }} as id_number_from,
        count(distinct coalesce(id_std, id_number)) as id_number_candidates,
        {{ newest_of('is_id_valid', 'id_number is not null', 'id_precedence') }} as is_id_valid,
        {{ golden('mobile', 'coalesce(mobile_std, mobile)', 'not is_mobile_placeholder') }},
        {{ newest_of('is_mobile_valid', 'coalesce(mobile_std, mobile) is not null and not is_mobile_placeholder') }} as is_mobile_valid,
        {{ golden('email') }},
        {{ golden('address') }},
        {{ golden('region_code') }},
        {{ golden('annual_income', candidates='annual_income > 0') }},
        {{ golden('marital_status') }},
        {{ golden('education') }},
        min(first_seen_on) as first_seen_on,
        max(changed_at) as changed_at,
        count(*) as records
    from preferred
    group by customer_id
)

select * from customer_golden
