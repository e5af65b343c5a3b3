-- Inputs of every tier: over the whole company (ALL), and for partners and banks that may not know it, over each group of
-- their own records (own_group, null for ALL).
with tier_input as (
    select * from {{ ref('core_tier_input_all') }}
    union all by name
    select * from {{ ref('core_tier_input_scoped') }}
)

select * from tier_input
