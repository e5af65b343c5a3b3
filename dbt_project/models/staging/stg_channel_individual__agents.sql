with current_agents as (
    {{ current_rows('channel_individual__agents') }}
),

stg_channel_individual__agents as (
    select
        agent_code,
        name,
        {{ in_our_words('sex', 'chinese_sex') }} as sex,
        birth_date,
        id_number,
        {{ in_our_words('education', 'chinese_education') }} as education,
        joined_on,
        left_on,
        job_level,
        branch_code,
        sales_area,
        mobile,
        insurance_years,
        related_work_years,
        interview_rounds,
        {{ lineage() }}
    from current_agents
)

select * from stg_channel_individual__agents
