with current_poly as (
    {{ current_rows('core_banca__poly') }}
),

stg_core_banca__poly as (
    select
        policy_no,
        holder_cust_no,
        insured_cust_no,
        {{ in_our_words('relation', 'banca_relation') }} as relation,
        product_code,
        branch_code,
        bank_code,
        outlet_code,
        bank_staff_code,
        applied_on,
        issued_on,
        effective_on,
        cooling_off_until,
        {{ in_our_words('status', 'banca_status') }} as status,
        status_on,
        {{ in_our_words('pay_mode', 'banca_pay_mode') }} as pay_mode,
        pay_term_years,
        nullif(cover_term_years, 999) as cover_term_years,
        {{ fen_to_yuan('premium') }} as premium,
        {{ fen_to_yuan('sum_insured') }} as sum_insured,
        {{ lineage() }}
    from current_poly
)

select * from stg_core_banca__poly
