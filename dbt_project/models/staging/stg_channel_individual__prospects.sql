with current_prospects as (
    {{ current_rows('channel_individual__prospects', with_first_seen=true, erasable='') }}
),

stg_channel_individual__prospects as (
    select
        prospect_no,
        name,
        {{ in_our_words('sex', 'chinese_sex') }} as sex,
        birth_date,
        mobile,
        origin,
        registered_on,
        agent_code,
        annual_income,
        tags,
        {{ in_our_words('marketing_consent', 'chinese_yes') }} as marketing_consent,
        {{ lineage(with_first_seen=true) }}
    from current_prospects
)

select * from stg_channel_individual__prospects
