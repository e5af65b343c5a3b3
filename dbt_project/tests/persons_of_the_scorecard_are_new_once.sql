-- A holder is a new customer of one month alone: over all months the company has as many new customers as it has holders of a
-- policy that has begun, and no cell of a month has more new, existing or adding customers than the company.
with holders as (
    select count(distinct holder_customer_id) as persons
    from {{ ref('core_policy') }}
    where is_counted and holder_customer_id is not null and effective_on <= {{ as_of() }}
),

company as (
    select * from {{ ref('scorecard') }}
    where channel = 'ALL' and branch_code = 'ALL'
),

surplus as (
    select count(*) as cells
    from {{ ref('scorecard') }} as cell
    left join company on cell.month = company.month
    where
        coalesce(cell.new_customers > company.new_customers, true)
        or coalesce(cell.existing_customers > company.existing_customers, true)
        or coalesce(cell.add_on_customers > company.add_on_customers, true)
        or cell.add_on_customers > cell.existing_customers
)

select
    holders.persons,
    surplus.cells,
    coalesce(sum(company.new_customers), 0) as new_customers
from holders
cross join surplus
left join company on true
group by holders.persons, surplus.cells
having holders.persons != coalesce(sum(company.new_customers), 0) or surplus.cells > 0
