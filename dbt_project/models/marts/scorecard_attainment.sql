-- The scorecard against its targets: attainment of each cell and metric that has one, and its rank among the branches. A
-- branch's own target goes before that for every branch (*).
{%- set metrics = [
    'new_customers', 'add_on_rate', 'satisfaction', 'nps', 'premium_per_customer', 'policies_per_customer'
] %}
with actuals as (
    {%- for metric in metrics %}
        select
            month,
            channel,
            branch_code,
            is_open,
            least({{ last_day_of_month('month') }}, {{ as_of() }}) as measured_on,
            '{{ metric }}' as metric,
            cast({{ metric }} as decimal(28, 10)) as actual
        from {{ ref('scorecard') }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

targeted as (
    select
        actuals.*,
        target.target,
        row_number() over (
            partition by actuals.month, actuals.channel, actuals.branch_code, actuals.metric
            order by case when target.branch_code = '*' then 1 else 0 end
        ) as nth
    from actuals
    inner join {{ ref('scorecard_target') }} as target
        on
            actuals.metric = target.metric
            and actuals.channel = target.channel
            and (actuals.branch_code = target.branch_code or (target.branch_code = '*' and actuals.branch_code != 'ALL'))
            and {{ valid_on('target', 'actuals.measured_on') }}
),

attained as (
    select
        *,
        {{ ratio('actual', 'target') }} as attainment
    from targeted
    where nth = 1
),

scorecard_attainment as (
    select
        month,
        channel,
        branch_code,
        metric,
        actual,
        cast(target as decimal(18, 4)) as target,
        attainment,
        actual >= target as is_reached,
        -- Branches are ranked among branches; the company and what was not measured have no rank.
        case
            when branch_code != 'ALL' and attainment is not null
                then
                    cast(rank() over (
                        partition by month, channel, metric, branch_code = 'ALL' order by attainment desc nulls last
                    ) as integer)
        end as rank,
        is_open
    from attained
)

select * from scorecard_attainment
