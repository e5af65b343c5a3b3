-- Courses that agents completed, by what they are and who took them. What is learned in the WeChat account counts as 线上.
with completions as (
    select
        agent_code,
        category,
        form,
        score,
        coalesce(passed = 'Y', false) as is_passed
    from {{ ref('stg_channel_individual__training') }}
    union all
    select
        agent_code,
        category,
        '线上' as form,
        score,
        coalesce(passed, false) as is_passed
    from {{ ref('stg_wechat__learning') }}
),

summed as (
    select
        completions.category,
        completions.form,
        agent.job_level,
        agent.branch_code,
        count(*) as completions,
        count(distinct completions.agent_code) as agents,
        count(*) filter (where completions.is_passed) as passes,
        count(completions.score) as scored_completions,
        sum(completions.score) as scores
    from completions
    left join {{ ref('core_agent') }} as agent on completions.agent_code = agent.agent_code
    group by completions.category, completions.form, agent.job_level, agent.branch_code
),

agent_training as (
    select
        category,
        form,
        job_level,
        branch_code,
        completions,
        agents,
        passes,
        scored_completions,
        {{ ratio('passes', 'completions') }} as pass_rate,
        {{ ratio('scores', 'scored_completions') }} as mean_score
    from summed
)

select * from agent_training
