-- The golden values of core_customer_value side by side, in their own types.
{% set attributes = [
    'name', 'sex', 'birth_date', 'id_number', 'mobile', 'email', 'address', 'region_code', 'annual_income', 'marital_status', 'education'
] %}

with records as (
    select
        links.customer_id,
        min(persons.first_seen_on) as first_seen_on,
        max(persons.changed_at) as changed_at,
        count(*) as records
    from {{ ref('int_identity__customer_record') }} as links
    inner join {{ ref('int_identity__person_record') }} as persons on links.record_key = persons.record_key
    group by links.customer_id
),

chosen as (
    select
        customer_id,
        {%- for attribute in attributes %}
            max(value) filter (where attribute = '{{ attribute }}') as {{ attribute }},
        {%- endfor %}
        max(value_kind) filter (where attribute = 'id_number') as id_type,
        bool_or(is_valid) filter (where attribute = 'id_number') as is_id_valid,
        bool_or(is_valid) filter (where attribute = 'mobile') as is_mobile_valid
    from {{ ref('core_customer_value') }}
    group by customer_id
),

customer_golden as (
    select
        records.customer_id,
        chosen.name,
        chosen.sex,
        cast(chosen.birth_date as date) as birth_date,
        chosen.id_type,
        chosen.id_number,
        chosen.is_id_valid,
        chosen.mobile,
        chosen.is_mobile_valid,
        chosen.email,
        chosen.address,
        chosen.region_code,
        cast(chosen.annual_income as decimal(18, 2)) as annual_income,
        chosen.marital_status,
        chosen.education,
        records.first_seen_on,
        records.changed_at,
        records.records
    from records
    left join chosen on records.customer_id = chosen.customer_id
)

select * from customer_golden
