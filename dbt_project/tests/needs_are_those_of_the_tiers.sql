-- A need counts as covered in need_gap exactly where the tier's potential counts it as covered: one definition, seen twice.
with tiers as (
    select
        customer_id,
        needs.need,
        case needs.need
            when 'LIFE' then has_life
            when 'CI_MEDICAL' then has_health
            when 'ANNUITY' then has_annuity
            else has_accident
        end as is_covered
    from {{ ref('core_tier_input_all') }}
    cross join {{ needs() }}
)

select
    coalesce(tiers.customer_id, gaps.customer_id) as customer_id,
    coalesce(tiers.need, gaps.need) as need
from tiers
full outer join {{ ref('need_gap') }} as gaps on tiers.customer_id = gaps.customer_id and tiers.need = gaps.need
where tiers.is_covered is distinct from gaps.is_covered
