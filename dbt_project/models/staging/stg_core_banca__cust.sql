with current_cust as (
    {{ current_rows('core_banca__cust', with_first_seen=true, erasable='') }}
),

stg_core_banca__cust as (
    select
        cust_no,
        name,
        {{ in_our_words('sex', 'banca_sex') }} as sex,
        birth_date,
        {{ in_our_words('id_type', 'banca_id_type') }} as id_type,
        id_number,
        mobile,
        phone,
        address,
        region_code,
        {{ fen_to_yuan('monthly_income') }} as monthly_income,
        {{ in_our_words('marital_status', 'banca_marital_status') }} as marital_status,
        {{ in_our_words('education', 'banca_education') }} as education,
        {{ in_our_words('consent', 'banca_consent') }} as consent,
        first_date,
        last_change_date,
        {{ lineage(with_first_seen=true) }}
    from current_cust
)

select * from stg_core_banca__cust
