-- Customers whose tier is another than on the last day of the month before, with the likeliest cause: the first of the
-- causes, in the order below, that what changed in between speaks for.
{%- set parts = ['c_ape', 'c_paid', 'c_policies', 'p_income', 'p_needs'] %}
with tiers as (
    select * from {{ ref('customer_tier') }}
    where scope = 'ALL'
),

previous as (
    select * from {{ source('lake', 'previous_customer_tier') }}
    where scope = 'ALL'
),

-- Customers who were given records of another one since, or gave some away.
regrouped as (
    select unnest([records.customer_id, earlier.customer_id]) as customer_id
    from {{ ref('int_identity__customer_record') }} as records
    inner join {{ source('lake', 'previous_customer_source') }} as earlier
        on records.source_system = earlier.source_system and records.source_record_id = earlier.source_record_id
    where records.customer_id != earlier.customer_id
),

moved as (
    select
        tiers.customer_id,
        previous.tier as from_tier,
        tiers.tier as to_tier,
        {%- for part in parts %}
            {{ json_text('previous.parts', part ~ '.value') }} as {{ part }}_before,
            {{ json_text('tiers.parts', part ~ '.value') }} as {{ part }}_now,
            coalesce({{ json_text('previous.parts', part ~ '.points') }}, '')
            != coalesce({{ json_text('tiers.parts', part ~ '.points') }}, '') as {{ part }}_moved,
        {%- endfor %}
        coalesce(previous.is_contactable, false) != coalesce(tiers.is_contactable, false)
        and 2 in (previous.tier, tiers.tier) as reach_changed,
        tiers.contribution - previous.contribution as contribution_change,
        tiers.potential - previous.potential as potential_change
    from tiers
    inner join previous on tiers.customer_id = previous.customer_id and tiers.tier != previous.tier
),

measured as (
    select
        moved.*,
        cast(moved.c_ape_now as decimal(28, 3)) - cast(moved.c_ape_before as decimal(28, 3)) as ape_change,
        cast(moved.c_paid_now as decimal(28, 2)) - cast(moved.c_paid_before as decimal(28, 2)) as paid_change,
        moved.customer_id in (select regrouped.customer_id from regrouped) as is_regrouped,
        {%- for part in parts %}
            ({{ part }}_moved and coalesce({{ part }}_now, '') = coalesce({{ part }}_before, '')){{ ' or' if not loop.last }}
        {%- endfor %} as is_valued_anew
    from moved
),

tier_move_customer as (
    select
        customer_id,
        cast(from_tier as integer) as from_tier,
        cast(to_tier as integer) as to_tier,
        case
            when is_regrouped then 'MERGE'
            when is_valued_anew then 'PARAMETER'
            when reach_changed then 'CONSENT'
            when ape_change < 0 and to_tier > from_tier then 'LAPSE'
            when (ape_change > 0 or paid_change > 0) and contribution_change > 0 and to_tier < from_tier then 'NEW_PREMIUM'
            when p_income_moved and potential_change != 0 then 'INCOME'
            when ape_change < 0 then 'LAPSE'
            when ape_change > 0 then 'NEW_PREMIUM'
            else 'NEW_EVIDENCE'
        end as cause
    from measured
)

select * from tier_move_customer
