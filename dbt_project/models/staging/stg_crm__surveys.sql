with current_surveys as (
    {{ current_rows('crm__surveys', with_first_seen=true) }}
),

stg_crm__surveys as (
    select
        survey_id,
        who,
        channel,
        branch_code,
        kind,
        score,
        answered_at,
        comment,
        {{ lineage(with_first_seen=true) }}
    from current_surveys
)

select * from stg_crm__surveys
