with agents as (
    select * from {{ ref('stg_channel_individual__agents') }}
),

agent as (
    select
        agent_code,
        name,
        sex,
        birth_date,
        id_number,
        education,
        job_level,
        branch_code,
        sales_area,
        mobile,
        insurance_years,
        related_work_years,
        interview_rounds,
        coalesce(joined_on <= {{ as_of() }}, false) and (left_on is null or left_on > {{ as_of() }}) as is_employed,
        joined_on,
        left_on
    from agents
)

select * from agent
