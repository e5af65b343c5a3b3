-- The honour list with what changed since the last day of the month before, which is computed anew with what is known now.
with honours as (
    select rule.grade
    from {{ ref('agent_grade_rule') }} as rule
    where rule.is_honour and {{ valid_on('rule', as_of()) }}
),

previous_honours as (
    select distinct
        previous.agent_code,
        previous.grade
    from {{ source('lake', 'previous_agent_grade') }} as previous
    inner join {{ ref('agent_grade_rule') }} as rules
        on previous.grade = rules.grade and rules.is_honour and {{ valid_on('rules', 'previous.as_of') }}
),

compared as (
    select
        coalesce(grades.agent_code, previous_honours.agent_code) as agent_code,
        grades.grade,
        grades.is_employed,
        honours.grade is not null as is_honoured,
        previous_honours.grade as previous_grade
    from {{ ref('agent_grade') }} as grades
    left join honours on grades.grade = honours.grade
    full outer join previous_honours on grades.agent_code = previous_honours.agent_code
),

agent_honour as (
    select
        agent_code,
        {{ as_of() }} as as_of,
        grade,
        case
            when not is_honoured then 'LEFT'
            when previous_grade is not null then 'KEPT'
            else 'NEW'
        end as change,
        previous_grade,
        coalesce(is_employed, false) as is_employed
    from compared
    where is_honoured or previous_grade is not null
)

select * from agent_honour
