-- Company scorecard of rules.md §8. Persons are counted once in each cell, so cells do not add up. Who is in force at a
-- month's end follows from when spans of cover begin and end: rows are made for changes, not for every customer and month.
with policies as (
    select
        source_system,
        policy_no,
        channel,
        branch_code,
        holder_customer_id as customer_id,
        ape,
        issued_on,
        effective_on,
        {{ month_of('effective_on') }} as from_month,
        -- First month at whose end the policy is not in force any more; a status without its day never was.
        case
            when status in ('ACTIVE', 'PAIDUP') or status_on > {{ as_of() }} then date '9999-12-01'
            else coalesce({{ month_of('status_on') }}, {{ month_of('effective_on') }})
        end as until_month
    from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null and effective_on <= {{ as_of() }}
),

in_force as (
    select
        {{ cell_of('policies') }},
        policies.customer_id,
        policies.ape,
        policies.from_month,
        policies.until_month
    from policies
    cross join {{ rollup_cells() }}
    where policies.from_month < policies.until_month
),

-- Spans of one holder in one cell that touch or overlap are one span.
begun as (
    select
        channel,
        branch_code,
        customer_id,
        from_month,
        max(until_month) as until_month
    from in_force
    group by channel, branch_code, customer_id, from_month
),

followed as (
    select
        *,
        max(until_month) over (
            partition by channel, branch_code, customer_id
            order by from_month
            rows between unbounded preceding and 1 preceding
        ) as reached_month
    from begun
),

numbered as (
    select
        *,
        sum(case when from_month <= reached_month then 0 else 1 end) over (
            partition by channel, branch_code, customer_id
            order by from_month
            rows between unbounded preceding and current row
        ) as span_no
    from followed
),

spans as (
    select
        channel,
        branch_code,
        customer_id,
        min(from_month) as from_month,
        max(until_month) as until_month
    from numbered
    group by channel, branch_code, customer_id, span_no
),

first_policies as (
    select
        *,
        row_number() over (
            partition by customer_id order by effective_on, issued_on, source_system, policy_no
        ) as nth
    from policies
),

purchases as (
    select distinct
        customer_id,
        from_month as month
    from policies
),

surveys as (
    select
        channel,
        branch_code,
        kind,
        score,
        {{ month_of('answered_on') }} as month
    from {{ ref('core_survey') }}
    where answered_on <= {{ as_of() }} and score is not null
),

new_customers as (
    select
        {{ cell_of('first_policies') }},
        first_policies.from_month as month,
        count(*) as new_customers
    from first_policies
    cross join {{ rollup_cells() }}
    where first_policies.nth = 1
    group by all
),

-- Holders in force at the end of the month before, with another policy that begins in the month.
add_ons as (
    select
        spans.channel,
        spans.branch_code,
        purchases.month,
        count(*) as add_on_customers
    from spans
    inner join purchases
        on
            spans.customer_id = purchases.customer_id
            and spans.from_month < purchases.month
            and spans.until_month >= purchases.month
    group by all
),

holder_changes as (
    select
        channel,
        branch_code,
        from_month as month,
        1 as holders
    from spans
    union all
    select
        channel,
        branch_code,
        until_month as month,
        -1 as holders
    from spans
),

policy_changes as (
    select
        channel,
        branch_code,
        from_month as month,
        1 as policies,
        ape
    from in_force
    union all
    select
        channel,
        branch_code,
        until_month as month,
        -1 as policies,
        -ape as ape
    from in_force
),

answers as (
    select
        {{ cell_of('surveys') }},
        surveys.month,
        count(*) filter (where surveys.kind = 'CSAT') as csat_answers,
        sum(surveys.score) filter (where surveys.kind = 'CSAT') as csat_scores,
        count(*) filter (where surveys.kind = 'NPS') as nps_answers,
        count(*) filter (where surveys.kind = 'NPS' and surveys.score >= 9) as promoters,
        count(*) filter (where surveys.kind = 'NPS' and surveys.score <= 6) as detractors
    from surveys
    cross join {{ rollup_cells() }}
    group by all
),

facts as (
    select * from new_customers
    union all by name
    select * from add_ons
    union all by name
    select * from holder_changes
    union all by name
    select * from policy_changes
    union all by name
    select * from answers
),

cells as (
    select
        channel,
        branch_code,
        min(month) as first_month
    from facts
    group by channel, branch_code
),

months as (
    {{ month_starts('(select min(first_month) from cells)', as_of()) }}
),

-- A cell has a row for every month from its first, since what stands at a month's end stands without a change too.
dense as (
    select * from facts
    union all by name
    select
        cells.channel,
        cells.branch_code,
        months.month_start as month
    from cells
    inner join months on cells.first_month <= months.month_start
),

summed as (
    select
        channel,
        branch_code,
        month,
        coalesce(sum(new_customers), 0) as new_customers,
        coalesce(sum(add_on_customers), 0) as add_on_customers,
        coalesce(sum(holders), 0) as holders_change,
        coalesce(sum(policies), 0) as policies_change,
        coalesce(sum(ape), 0) as ape_change,
        coalesce(sum(csat_answers), 0) as csat_answers,
        sum(csat_scores) as csat_scores,
        coalesce(sum(nps_answers), 0) as nps_answers,
        coalesce(sum(promoters), 0) as promoters,
        coalesce(sum(detractors), 0) as detractors
    from dense
    -- What names no channel or no branch counts in the totals alone.
    where month <= {{ as_of() }} and channel is not null and branch_code is not null
    group by channel, branch_code, month
),

stood as (
    select
        *,
        sum(holders_change) over to_date as holders,
        sum(holders_change) over to_date - holders_change as existing_customers,
        sum(policies_change) over to_date as policies,
        sum(ape_change) over to_date as ape
    from summed
    window to_date as (partition by channel, branch_code order by month rows between unbounded preceding and current row)
),

scorecard as (
    select
        month,
        channel,
        branch_code,
        cast(new_customers as bigint) as new_customers,
        cast(existing_customers as bigint) as existing_customers,
        cast(add_on_customers as bigint) as add_on_customers,
        {{ ratio('add_on_customers', 'existing_customers') }} as add_on_rate,
        {{ ratio('csat_scores', 'csat_answers') }} as satisfaction,
        {{ ratio('100 * (promoters - detractors)', 'nps_answers') }} as nps,
        {{ money_per('ape', 'holders') }} as premium_per_customer,
        {{ ratio('policies', 'holders') }} as policies_per_customer,
        {{ last_day_of_month('month') }} > {{ as_of() }} as is_open,
        cast(holders as bigint) as holders_in_force,
        cast(policies as bigint) as policies_in_force,
        cast(ape as decimal(28, 3)) as in_force_ape,
        cast(csat_answers as bigint) as csat_answers,
        cast(nps_answers as bigint) as nps_answers
    from stood
    where new_customers > 0 or existing_customers > 0 or holders > 0 or csat_answers > 0 or nps_answers > 0
)

select * from scorecard
