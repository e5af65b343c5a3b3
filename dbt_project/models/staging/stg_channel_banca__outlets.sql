with current_outlets as (
    {{ current_rows('channel_banca__outlets') }}
),

stg_channel_banca__outlets as (
    select
        bank_code,
        bank_name,
        outlet_code,
        outlet_name,
        branch_code,
        state,
        {{ lineage() }}
    from current_outlets
)

select * from stg_channel_banca__outlets
