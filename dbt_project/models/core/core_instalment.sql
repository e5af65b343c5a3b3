with life_instalments as (
    select
        source_system,
        policy_no,
        instalment_no,
        due_on,
        amount_due,
        amount_paid,
        paid_on
    from {{ ref('stg_core_life__premium_due') }}
),

banca_instalments as (
    select
        source_system,
        policy_no,
        instalment_no,
        due_on,
        amount_due,
        amount_paid,
        paid_on
    from {{ ref('stg_core_banca__prem') }}
),

instalments as (
    select * from life_instalments
    union all
    select * from banca_instalments
),

instalment as (
    select
        source_system,
        policy_no,
        instalment_no,
        due_on,
        amount_due,
        coalesce(amount_paid, 0) as amount_paid,
        paid_on,
        coalesce(amount_paid >= amount_due, false) as is_paid_in_full
    from instalments
)

select * from instalment
