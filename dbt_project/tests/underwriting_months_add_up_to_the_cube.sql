-- Figures of the cube are additive: the company's months, and the cells of a month, make the same totals as the cube.
{%- set figures = ['policies', 'ape', 'first_premium', 'lapses', 'surrenders', 'claims_paid'] %}
with totals as (
    select
        'CUBE' as made_of,
        month,
        {{ each(figures, 'sum(%) as %') }}
    from {{ ref('underwriting_cube') }}
    where month <= {{ as_of() }}
    group by month
    union all
    select
        'COMPANY' as made_of,
        month,
        {{ each(figures, 'sum(%) as %') }}
    from {{ ref('underwriting_month') }}
    where channel = 'ALL' and branch_code = 'ALL'
    group by month
    union all
    select
        'CELLS' as made_of,
        month,
        {{ each(figures, 'sum(%) as %') }}
    from {{ ref('underwriting_month') }}
    where channel is distinct from 'ALL' and branch_code is distinct from 'ALL'
    group by month
),

measured as (
    {%- for figure in figures %}
        select
            month,
            made_of,
            '{{ figure }}' as figure,
            coalesce({{ figure }}, 0) as value
        from totals
        {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    month,
    figure,
    min(value) as least,
    max(value) as most
from measured
group by month, figure
having min(value) != max(value)
