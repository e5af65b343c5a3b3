with current_referrals as (
    {{ current_rows('channel_banca__referrals', with_first_seen=true, erasable='') }}
),

stg_channel_banca__referrals as (
    select
        referral_no,
        bank_code,
        outlet_code,
        name,
        mobile,
        id_last4,
        referred_on,
        product_interest,
        {{ in_our_words('result', 'banca_referral_result') }} as result,
        {{ lineage(with_first_seen=true) }}
    from current_referrals
)

select * from stg_channel_banca__referrals
