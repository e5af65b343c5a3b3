-- Answers to surveys; the branch is the survey's own where delivered, else that of who serves the customer, else unknown.
-- The answer of an erased person stays, with no person.
with surveys as (
    select * from {{ ref('stg_crm__surveys') }}
),

links as (
    select * from {{ ref('int_identity__crm_link') }}
    where kind = 'survey'
),

survey as (
    select
        surveys.survey_id,
        links.customer_id,
        surveys.channel,
        coalesce(surveys.branch_code, server.branch_code) as branch_code,
        server.agent_code,
        surveys.kind,
        surveys.score,
        cast(surveys.answered_at as date) as answered_on
    from surveys
    left join links on surveys.survey_id = links.row_id
    left join {{ ref('core_customer_server') }} as server on links.customer_id = server.customer_id
)

select * from survey
