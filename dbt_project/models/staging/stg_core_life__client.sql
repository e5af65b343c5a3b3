with current_client as (
    {{ current_rows('core_life__client', deletable=true, with_first_seen=true, erasable='') }}
),

stg_core_life__client as (
    select
        client_id,
        name,
        sex,
        birth_date,
        id_type,
        id_number,
        mobile,
        phone2,
        email,
        address,
        region_code,
        occupation_code,
        annual_income,
        marital_status,
        education,
        marketing_consent,
        created_at,
        updated_at,
        {{ lineage(with_first_seen=true) }}
    from current_client
)

select * from stg_core_life__client
