-- Agents who left within twelve months of their entry, by month of entry and branch. A month of entry is complete when all
-- who entered in it had their twelve months.
with entered as (
    select
        branch_code,
        {{ month_of('joined_on') }} as entry_month,
        coalesce(
            left_on <= {{ as_of() }} and left_on <= {{ add_months('joined_on', 12) }}, false
        ) as is_early_leaver
    from {{ ref('core_agent') }}
    where joined_on <= {{ as_of() }}
),

agent_early_leaver as (
    select
        entry_month,
        branch_code,
        count(*) as entered,
        count(*) filter (where is_early_leaver) as early_leavers,
        {{ ratio('count(*) filter (where is_early_leaver)', 'count(*)') }} as early_leaver_rate,
        {{ add_months(last_day_of_month('entry_month'), 12) }} <= {{ as_of() }} as is_complete
    from entered
    group by entry_month, branch_code
)

select * from agent_early_leaver
