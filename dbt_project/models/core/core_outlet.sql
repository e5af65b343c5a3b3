with outlet as (
    select
        bank_code,
        bank_name,
        outlet_code,
        outlet_name,
        branch_code,
        state
    from {{ ref('stg_channel_banca__outlets') }}
)

select * from outlet
