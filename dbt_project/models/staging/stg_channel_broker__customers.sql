-- "The day of a record" here is the delivery in which the row first had its present values, so every accepted version of
-- the row is compared with the current one.
with customers as (
    {{ current_rows('channel_broker__customers', with_first_seen=true, erasable='') }}
),

versions as (
    select
        *,
        row_number() over (partition by _scope, _key, _business_date order by _line desc) as line_rank
    from {{ source('lake', 'channel_broker__customers') }}
),

unchanged as (
    select
        customers._scope,
        customers._key,
        min(versions._business_date) as unchanged_since
    from customers
    inner join versions
        on
            customers._scope = versions._scope
            and customers._key = versions._key
            and versions.line_rank = 1
    where
        customers.name is not distinct from versions.name
        and customers.id_type is not distinct from versions.id_type
        and customers.id_number is not distinct from versions.id_number
        and customers.mobile is not distinct from versions.mobile
        and customers.birth_date is not distinct from versions.birth_date
        and customers.sex is not distinct from versions.sex
        and customers.annual_income is not distinct from versions.annual_income
        and customers.policy_no is not distinct from versions.policy_no
        and customers.remark is not distinct from versions.remark
        and customers.tags is not distinct from versions.tags
    group by customers._scope, customers._key
),

stg_channel_broker__customers as (
    select
        customers.partner_code,
        customers.source_record_id,
        customers.name,
        {{ in_our_words('customers.id_type', 'chinese_id_type') }} as id_type,
        customers.id_number,
        customers.mobile,
        customers.birth_date,
        {{ in_our_words('customers.sex', 'chinese_sex') }} as sex,
        customers.annual_income,
        customers.policy_no,
        customers.remark,
        customers.tags,
        unchanged.unchanged_since,
        customers._source_system as source_system,
        customers._business_date as business_date,
        customers._file_name as file_name,
        customers._line as line_number,
        customers.first_seen_on,
        customers._source_system || ':' || customers._key as record_key
    from customers
    inner join unchanged on customers._scope = unchanged._scope and customers._key = unchanged._key
)

select * from stg_channel_broker__customers
