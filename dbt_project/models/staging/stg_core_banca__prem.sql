with current_prem as (
    {{ current_rows('core_banca__prem') }}
),

stg_core_banca__prem as (
    select
        policy_no,
        instalment_no,
        due_on,
        {{ fen_to_yuan('amount_due') }} as amount_due,
        {{ fen_to_yuan('amount_paid') }} as amount_paid,
        paid_on,
        {{ lineage() }}
    from current_prem
)

select * from stg_core_banca__prem
