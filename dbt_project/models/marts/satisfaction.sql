-- Satisfaction by month, channel, branch, grade of the agent and tier of the customer, with ALL for each. No rate is shown
-- over fewer answers, or policies, than the seed asks for: of a few the person behind an answer can be guessed.
{%- set figures = [
    'csat_answers', 'csat_scores', 'nps_answers', 'promoters', 'detractors', 'complaints', 'major_complaints'
] %}
{%- set counted = ['csat_answers', 'nps_answers', 'complaints', 'major_complaints'] %}
{%- set periods = ['', '_12_months'] %}
{%- set dimensions = ['channel', 'branch_code', 'agent_grade', 'tier'] %}
with policies as (
    select
        channel,
        branch_code,
        serving_agent_code as agent_code,
        holder_customer_id as customer_id,
        {{ month_of('effective_on') }} as from_month,
        -- First month at whose end the policy is not in force any more; a status without its day never was.
        case
            when status in ('ACTIVE', 'PAIDUP') or status_on > {{ as_of() }} then null
            else greatest({{ month_of('coalesce(status_on, effective_on)') }}, {{ month_of('effective_on') }})
        end as until_month
    from {{ ref('core_policy') }}
    where is_counted and effective_on <= {{ as_of() }}
),

facts as (
    select
        channel,
        branch_code,
        agent_code,
        customer_id,
        {{ month_of('answered_on') }} as month,
        case when kind = 'CSAT' then 1 end as csat_answers,
        case when kind = 'CSAT' then score end as csat_scores,
        case when kind = 'NPS' then 1 end as nps_answers,
        case when kind = 'NPS' and score >= 9 then 1 end as promoters,
        case when kind = 'NPS' and score <= 6 then 1 end as detractors
    from {{ ref('core_survey') }}
    where answered_on <= {{ as_of() }} and score is not null
    union all by name
    select
        coalesce(complaint.channel, policy.channel) as channel,
        complaint.branch_code,
        complaint.agent_code,
        complaint.customer_id,
        {{ month_of('complaint.occurred_on') }} as month,
        1 as complaints,
        case when complaint.severity = 'MAJOR' then 1 end as major_complaints
    from {{ ref('core_complaint') }} as complaint
    left join {{ ref('core_policy') }} as policy
        on complaint.policy_source_system = policy.source_system and complaint.policy_no = policy.policy_no
    where complaint.occurred_on <= {{ as_of() }}
    -- What changes the number of policies in force at a month's end.
    union all by name
    select
        channel,
        branch_code,
        agent_code,
        customer_id,
        from_month as month,
        1 as policies
    from policies
    union all by name
    select
        channel,
        branch_code,
        agent_code,
        customer_id,
        until_month as month,
        -1 as policies
    from policies
    where until_month is not null
),

placed as (
    select
        facts.* exclude (agent_code, customer_id),
        grades.grade as agent_grade,
        cast(tiers.tier as varchar) as tier
    from facts
    left join {{ ref('agent_grade') }} as grades on facts.agent_code = grades.agent_code
    left join {{ ref('customer_tier') }} as tiers on facts.customer_id = tiers.customer_id and tiers.scope = 'ALL'
),

summed as (
    select
        month,
        channel,
        branch_code,
        agent_grade,
        tier,
        {{ each(figures + ['policies'], 'coalesce(sum(%), 0) as %') }}
    from placed
    group by month, channel, branch_code, agent_grade, tier
),

-- Every dimension with its values and with ALL; a null stays what it is: unknown.
rolled_up as (
    select
        month,
        {{ each(dimensions, "case when grouping(%) = 1 then 'ALL' else % end as %") }},
        {{ each(figures + ['policies'], 'sum(%) as %') }}
    from summed
    group by month, cube(channel, branch_code, agent_grade, tier)
),

answered as (
    select distinct
        channel,
        branch_code,
        agent_grade,
        tier
    from rolled_up
    where csat_answers + nps_answers + complaints > 0
),

-- Each cell that was ever answered in has a row for the month of as_of: its last twelve months.
followed as (
    select * from rolled_up
    union all by name
    select
        *,
        {{ month_of(as_of()) }} as month
    from answered
),

monthly as (
    select
        month,
        channel,
        branch_code,
        agent_grade,
        tier,
        extract(year from month) * 12 + extract(month from month) as month_number,
        {{ each(figures + ['policies'], 'coalesce(sum(%), 0) as %') }}
    from followed
    group by month, channel, branch_code, agent_grade, tier
),

stood as (
    select
        *,
        {{ last_day_of_month('month') }} > {{ as_of() }} as is_open,
        sum(policies) over to_date as policies_in_force,
        {{ each(figures, 'sum(%) over twelve_months as %_12_months') }}
    from monthly
    window
        to_date as (
            partition by channel, branch_code, agent_grade, tier
            order by month_number
            rows between unbounded preceding and current row
        ),
        twelve_months as (
            partition by channel, branch_code, agent_grade, tier
            order by month_number
            range between 11 preceding and current row
        )
),

limits as (
    select
        {{ parameter('satisfaction_parameter', 'min_answers') }} as min_answers,
        {{ parameter('satisfaction_parameter', 'min_policies') }} as min_policies
),

satisfaction as (
    select
        stood.month,
        stood.channel,
        stood.branch_code,
        stood.agent_grade,
        stood.tier,
        stood.is_open,
        cast(stood.policies_in_force as bigint) as policies_in_force,
        {{ each(counted, 'cast(stood.% as bigint) as %') }},
        {{ each(counted, 'cast(stood.%_12_months as bigint) as %_12_months') }},
        {{ each(periods, 'case when stood.csat_answers% >= limits.min_answers then '
            ~ ratio('stood.csat_scores%', 'stood.csat_answers%') ~ ' end as csat%') }},
        {{ each(periods, 'case when stood.nps_answers% >= limits.min_answers then '
            ~ ratio('100 * (stood.promoters% - stood.detractors%)', 'stood.nps_answers%') ~ ' end as nps%') }},
        {{ each(periods, 'case when stood.policies_in_force >= limits.min_policies then '
            ~ ratio('1000 * stood.complaints%', 'stood.policies_in_force') ~ ' end as complaints_per_1000%') }}
    from stood
    cross join limits
    where stood.csat_answers_12_months + stood.nps_answers_12_months + stood.complaints_12_months > 0
)

select * from satisfaction
