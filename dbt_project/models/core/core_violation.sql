with violation as (
    select
        partner_code,
        violated_on,
        violation_type,
        severity,
        authority,
        penalty_amount
    from {{ ref('stg_channel_broker__violations') }}
)

select * from violation
