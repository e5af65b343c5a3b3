-- The figures that a publication is remembered by, in one long form: closed periods, and the states of this generation's date and
-- of the last day of the month before, which every build computes anew. `is_whole`: all cells of the figure and period are here,
-- so one that is missing has gone. Agents' grades are remembered at month ends only: there are many, and honour lists compare those.
{%- set monthly = last_day_of_month('month') %}
{%- set figures = [
    {
        'figure': 'partner_score', 'grain': ['partner_code', 'period_kind'], 'period_end': 'period_end',
        'measures': [
            'platform_value', 'platform_points', 'persistency_value', 'persistency_points', 'contribution_value',
            'contribution_points', 'density_value', 'density_points', 'score'
        ],
        'labels': ['grade', 'verdict'],
    },
    {
        'figure': 'bank_score', 'grain': ['bank_code', 'period_kind'], 'period_end': 'period_end',
        'measures': ['platform_value', 'persistency_value', 'contribution_value', 'density_value', 'score'], 'labels': ['grade'],
    },
    {
        'figure': 'outlet_score', 'grain': ['bank_code', 'outlet_code', 'period_kind'], 'period_end': 'period_end',
        'measures': ['platform_value', 'persistency_value', 'score'], 'labels': ['grade'],
    },
    {
        'figure': 'scorecard', 'grain': ['month', 'channel', 'branch_code'], 'period_end': monthly, 'where': 'not is_open',
        'measures': [
            'new_customers', 'existing_customers', 'add_on_customers', 'add_on_rate', 'satisfaction', 'nps',
            'premium_per_customer', 'policies_per_customer'
        ],
    },
    {
        'figure': 'persistency', 'grain': ['month_k', 'cohort_month', 'channel', 'branch_code'], 'period_end': 'period_end',
        'measures': [
            'exposed_count', 'persisting_count', 'exposed_premium', 'persisting_premium', 'rate_count', 'rate_premium'
        ],
        'from': 'closed_persistency', 'where': 'period_end <= ' ~ as_of(),
    },
    {
        'figure': 'underwriting', 'grain': ['month', 'branch_code', 'channel', 'product_line'], 'period_end': monthly,
        'measures': ['policies', 'ape', 'lapses', 'surrenders', 'claims_paid'],
        'from': 'underwriting', 'where': monthly ~ ' <= ' ~ as_of(),
    },
    {
        'figure': 'tier_distribution', 'grain': ['channel', 'branch_code', 'tier'], 'period_end': as_of(),
        'measures': ['customers'],
    },
    {
        'figure': 'tier_distribution', 'grain': ['channel', 'branch_code', 'tier'], 'period_end': 'as_of',
        'measures': ['customers'], 'from': 'previous_tiers', 'is_whole': 'false',
    },
    {
        'figure': 'agent_grade', 'grain': ['agent_code'], 'period_end': 'as_of',
        'measures': ['ape', 'active_months', 'persistency'], 'labels': ['grade'],
        'where': 'as_of = ' ~ last_day_of_month('as_of'),
    },
    {
        'figure': 'agent_grade', 'grain': ['agent_code'], 'period_end': 'as_of',
        'measures': [], 'labels': ['grade'], 'from': 'previous_grades',
    },
    {
        'figure': 'partner_concentration_answer', 'grain': ['question'], 'period_end': as_of(), 'measures': ['value'],
    },
] %}
with partner_score as (
    select * from {{ ref('partner_score') }}
),

bank_score as (
    select * from {{ ref('bank_score') }}
),

outlet_score as (
    select * from {{ ref('outlet_score') }}
),

scorecard as (
    select * from {{ ref('scorecard') }}
),

tier_distribution as (
    select * from {{ ref('tier_distribution') }}
),

agent_grade as (
    select * from {{ ref('agent_grade') }}
),

partner_concentration_answer as (
    select * from {{ ref('partner_concentration_answer') }}
),

-- A cohort is closed when the last day of grace of its last policy is over: the last of the month may be its effective day.
closed_persistency as (
    select
        month_k,
        cohort_month,
        channel,
        branch_code,
        {{ add_days(add_years(last_day_of_month('cohort_month'), 'cast((month_k - 1) / 12 as integer)'), 60) }} as period_end,
        sum(exposed_count) as exposed_count,
        sum(persisting_count) as persisting_count,
        sum(exposed_premium) as exposed_premium,
        sum(persisting_premium) as persisting_premium,
        {{ ratio('sum(persisting_count)', 'sum(exposed_count)') }} as rate_count,
        {{ ratio('sum(persisting_premium)', 'sum(exposed_premium)') }} as rate_premium
    from {{ ref('persistency') }}
    group by month_k, cohort_month, channel, branch_code
),

underwriting as (
    select
        month,
        branch_code,
        channel,
        product_line,
        sum(policies) as policies,
        sum(ape) as ape,
        sum(lapses) as lapses,
        sum(surrenders) as surrenders,
        sum(claims_paid) as claims_paid
    from {{ ref('underwriting_cube') }}
    group by month, branch_code, channel, product_line
),

previous_tiers as (
    select
        as_of,
        'ALL' as channel,
        'ALL' as branch_code,
        tier,
        count(*) as customers
    from {{ source('lake', 'previous_customer_tier') }}
    where scope = 'ALL'
    group by as_of, tier
),

previous_grades as (
    select
        as_of,
        agent_code,
        grade
    from {{ source('lake', 'previous_agent_grade') }}
),

figure as (
    {%- for one in figures %}
        {%- set outer = loop %}
        {%- set fields = {} %}
        {%- for column in one.grain %}{% do fields.update({column: column}) %}{% endfor %}
        {%- for measure in one.measures + one.get('labels', []) %}
            select
                '{{ one.figure }}' as figure,
                '{{ measure }}' as measure,
                cast({{ one.period_end }} as date) as period_end,
                {{ json_of(fields) }} as grain,
                cast({{ measure if measure in one.measures else 'null' }} as decimal(38, 10)) as value,
                cast({{ 'null' if measure in one.measures else measure }} as varchar) as label,
                {{ one.get('is_whole', 'true') }} as is_whole
            from {{ one.get('from', one.figure) }}
            where {{ one.get('where', 'true') }}
            {{ 'union all' if not (loop.last and outer.last) }}
        {%- endfor %}
    {%- endfor %}
)

select * from figure
