with current_premium_due as (
    {{ current_rows('core_life__premium_due', deletable=true) }}
),

stg_core_life__premium_due as (
    select
        policy_no,
        instalment_no,
        due_on,
        amount_due,
        amount_paid,
        paid_on,
        updated_at,
        {{ lineage() }}
    from current_premium_due
)

select * from stg_core_life__premium_due
