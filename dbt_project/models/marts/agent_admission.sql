-- What new agents brought, each check pass or fail; what was not delivered fails. Of the compliance course only training
-- counts, not what is learned on the phone.
with rules as (
    select * from {{ ref('agent_admission_rule') }} as rule
    where {{ valid_on('rule', as_of()) }}
),

entered as (
    select * from {{ ref('core_agent') }}
    where joined_on > {{ add_months(as_of(), -12) }} and joined_on <= {{ as_of() }}
),

trained as (
    select distinct entered.agent_code
    from entered
    cross join rules
    inner join {{ ref('stg_channel_individual__training') }} as training
        on
            entered.agent_code = training.agent_code
            and training.completed_on between entered.joined_on
            and {{ add_days('entered.joined_on', 'rules.compliance_within_days') }}
    where training.category = '合规' and training.passed = 'Y'
),

checked as (
    select
        entered.agent_code,
        entered.joined_on as entered_on,
        coalesce(
            {{ whole_years('entered.birth_date', 'entered.joined_on') }} between rules.min_age and rules.max_age, false
        ) as age_ok,
        coalesce('|' || rules.allowed_education || '|' like '%|' || entered.education || '|%', false) as education_ok,
        coalesce(entered.related_work_years >= rules.min_related_years, false) as experience_ok,
        coalesce(entered.interview_rounds >= rules.min_interview_rounds, false) as interviews_ok,
        trained.agent_code is not null as compliance_ok
    from entered
    cross join rules
    left join trained on entered.agent_code = trained.agent_code
),

agent_admission as (
    select
        agent_code,
        {{ as_of() }} as as_of,
        entered_on,
        age_ok,
        education_ok,
        experience_ok,
        interviews_ok,
        compliance_ok,
        age_ok and education_ok and experience_ok and interviews_ok and compliance_ok as is_admitted
    from checked
)

select * from agent_admission
