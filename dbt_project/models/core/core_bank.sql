-- A bank is known by its outlets, its referrals or its policies; its name is the one most of its outlets give.
with outlet_names as (
    select
        bank_code,
        bank_name,
        count(*) as outlets
    from {{ ref('core_outlet') }}
    group by bank_code, bank_name
),

names as (
    select
        bank_code,
        bank_name,
        row_number() over (partition by bank_code order by outlets desc, bank_name asc) as nth
    from outlet_names
),

codes as (
    select bank_code from {{ ref('core_outlet') }}
    union
    select bank_code from {{ ref('stg_channel_banca__referrals') }}
    union
    select bank_code from {{ ref('core_policy') }}
),

bank as (
    select
        codes.bank_code,
        names.bank_name
    from codes
    left join names on codes.bank_code = names.bank_code and names.nth = 1
    where codes.bank_code is not null
)

select * from bank
