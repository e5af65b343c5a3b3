with life_policies as (
    select
        source_system,
        policy_no,
        channel,
        branch_code,
        product_code,
        case when channel = 'IND' then agent_code end as delivered_agent_code,
        partner_code,
        partner_agent_code,
        cast(null as varchar) as bank_code,
        cast(null as varchar) as outlet_code,
        cast(null as varchar) as bank_staff_code,
        applied_on,
        issued_on,
        effective_on,
        cooling_off_until,
        status,
        status_on,
        pay_mode,
        pay_term_years,
        cover_term_years,
        modal_premium,
        sum_insured
    from {{ ref('stg_core_life__policy') }}
),

banca_policies as (
    select
        source_system,
        policy_no,
        'BANCA' as channel,
        branch_code,
        product_code,
        cast(null as varchar) as delivered_agent_code,
        cast(null as varchar) as partner_code,
        cast(null as varchar) as partner_agent_code,
        bank_code,
        outlet_code,
        bank_staff_code,
        applied_on,
        issued_on,
        effective_on,
        cooling_off_until,
        status,
        status_on,
        pay_mode,
        pay_term_years,
        cover_term_years,
        premium as modal_premium,
        sum_insured
    from {{ ref('stg_core_banca__poly') }}
),

policies as (
    select * from life_policies
    union all
    select * from banca_policies
),

agent_changes as (
    select
        source_system,
        policy_no,
        agent_from,
        agent_to,
        row_number() over (partition by source_system, policy_no order by event_on, event_seq) as nth,
        row_number() over (partition by source_system, policy_no order by event_on desc, event_seq desc) as nth_from_last
    from {{ ref('core_policy_event') }}
    where event_type = 'CHANGE_AGENT'
),

agents as (
    select
        source_system,
        policy_no,
        max(case when nth = 1 then agent_from end) as first_from,
        max(case when nth_from_last = 1 then agent_to end) as last_to
    from agent_changes
    group by source_system, policy_no
),

first_parties as (
    select
        source_system,
        policy_no,
        max(case when role = 'HOLDER' then source_record_id end) as holder_record_id,
        max(case when role = 'HOLDER' then customer_id end) as holder_customer_id,
        max(case when role = 'INSURED' then source_record_id end) as insured_record_id,
        max(case when role = 'INSURED' then customer_id end) as insured_customer_id
    from {{ ref('core_policy_party') }}
    where is_first and role in ('HOLDER', 'INSURED')
    group by source_system, policy_no
),

measured as (
    select
        policies.*,
        product.line as product_line,
        cast(
            policies.modal_premium * {{ instalments_per_year('policies.pay_mode') }} as decimal(18, 2)
        ) as annualised_premium
    from policies
    left join {{ ref('core_product') }} as product on policies.product_code = product.product_code
),

policy as (
    select
        measured.source_system,
        measured.policy_no,
        measured.channel,
        measured.branch_code,
        measured.product_code,
        measured.product_line,
        first_parties.holder_record_id,
        first_parties.holder_customer_id,
        first_parties.insured_record_id,
        first_parties.insured_customer_id,
        case when measured.channel = 'IND' then coalesce(agents.first_from, measured.delivered_agent_code) end as agent_code,
        case when measured.channel = 'IND' then coalesce(agents.last_to, measured.delivered_agent_code) end as serving_agent_code,
        measured.partner_code,
        measured.partner_agent_code,
        measured.bank_code,
        measured.outlet_code,
        measured.bank_staff_code,
        measured.applied_on,
        measured.issued_on,
        measured.effective_on,
        measured.cooling_off_until,
        measured.status,
        measured.status_on,
        measured.pay_mode,
        measured.pay_term_years,
        measured.cover_term_years,
        measured.modal_premium,
        measured.annualised_premium,
        -- Three decimals, unrounded: a single premium counts a tenth.
        cast(
            case when measured.pay_mode = 'SINGLE' then measured.annualised_premium * 0.1 else measured.annualised_premium end
            as decimal(18, 3)
        ) as ape,
        measured.sum_insured,
        coalesce(measured.status != 'CANCELLED', true) as is_counted,
        {{ in_force_on('measured', as_of()) }} as is_in_force,
        coalesce(measured.status = 'LAPSED', false)
        and coalesce(measured.status_on > {{ add_years(as_of(), -2) }}, false) as is_reinstatable
    from measured
    left join agents on measured.source_system = agents.source_system and measured.policy_no = agents.policy_no
    left join first_parties
        on measured.source_system = first_parties.source_system and measured.policy_no = first_parties.policy_no
)

select * from policy
