-- The underwriting cube by channel, branch and month, with ALL for each, beside the twelve months to each month and the year
-- before. Figures add up, so totals are sums of cells. An open month is compared with nothing: it is not over.
{%- set counts = ['policies', 'lapses', 'surrenders'] %}
{%- set amounts = ['first_premium', 'claims_paid'] %}
{%- set figures = counts + ['ape'] + amounts %}
with facts as (
    select
        {{ cell_of('cube') }},
        cube.month,
        {{ each(figures, 'sum(cube.%) as %') }}
    from {{ ref('underwriting_cube') }} as cube
    cross join {{ rollup_cells() }}
    where cube.month <= {{ as_of() }}
    group by all
),

cells as (
    select
        channel,
        branch_code,
        min(month) as first_month,
        -- The bank channel delivers no claims: unknown in its cells, and not counted in totals.
        count(claims_paid) > 0 as has_claims
    from facts
    group by channel, branch_code
),

months as (
    {{ month_starts('(select min(first_month) from cells)', as_of()) }}
),

-- A row for every month from a cell's first, so that twelve rows are twelve months.
dense as (
    select
        cells.channel,
        cells.branch_code,
        months.month_start as month,
        case when cells.has_claims then coalesce(facts.claims_paid, 0) end as claims_paid,
        {{ each(counts + ['ape', 'first_premium'], 'coalesce(facts.%, 0) as %') }}
    from cells
    inner join months on cells.first_month <= months.month_start
    left join facts
        on
            cells.channel is not distinct from facts.channel
            and cells.branch_code is not distinct from facts.branch_code
            and months.month_start = facts.month
),

rolled as (
    select
        *,
        {{ last_day_of_month('month') }} > {{ as_of() }} as is_open,
        {{ each(figures, 'sum(%) over twelve_months as %_12_months') }}
    from dense
    window twelve_months as (
        partition by channel, branch_code order by month rows between 11 preceding and current row
    )
),

compared as (
    select
        *,
        {{ each(figures, 'lag(%, 12) over by_month as %_before') }},
        {{ each(figures, 'lag(%_12_months, 12) over by_month as %_12_months_before') }}
    from rolled
    window by_month as (partition by channel, branch_code order by month)
),

underwriting_month as (
    select
        month,
        channel,
        branch_code,
        is_open,
        {{ each(counts, 'cast(% as bigint) as %') }},
        {{ each(counts, 'cast(%_12_months as bigint) as %_12_months') }},
        cast(ape as decimal(28, 3)) as ape,
        cast(ape_12_months as decimal(28, 3)) as ape_12_months,
        {{ each(amounts, 'cast(% as decimal(28, 2)) as %') }},
        {{ each(amounts, 'cast(%_12_months as decimal(28, 2)) as %_12_months') }},
        {{ each(figures, 'case when not is_open then ' ~ ratio('% - %_before', '%_before') ~ ' end as %_yoy') }},
        {{ each(figures, 'case when not is_open then '
            ~ ratio('%_12_months - %_12_months_before', '%_12_months_before') ~ ' end as %_12_months_yoy') }}
    from compared
)

select * from underwriting_month
