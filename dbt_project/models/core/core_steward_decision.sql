-- Every decision of the stewards, and what became of it: of several on one pair the newest counts.
with decisions as (
    select
        decisions.decision_id,
        decisions.action,
        decisions.system_a,
        decisions.record_a as source_record_id_a,
        decisions.system_b,
        decisions.record_b as source_record_id_b,
        decisions.reason,
        decisions.decided_by,
        decisions.decided_at,
        decisions.file_name,
        decisions.line_number,
        a.customer_id as customer_id_a,
        b.customer_id as customer_id_b,
        a.record_key as record_key_a,
        b.record_key as record_key_b
    from {{ ref('stg_stewardship__decisions') }} as decisions
    left join {{ ref('int_identity__customer_record') }} as a
        on decisions.system_a = a.source_system and decisions.record_a = a.source_record_id
    left join {{ ref('int_identity__customer_record') }} as b
        on decisions.system_b = b.source_system and decisions.record_b = b.source_record_id
),

ranked as (
    select
        *,
        first_value(decision_id) over newest_first as newest_decision_id,
        first_value(action) over newest_first as newest_action
    from decisions
    window newest_first as (
        partition by
            least(system_a || ':' || source_record_id_a, system_b || ':' || source_record_id_b),
            greatest(system_a || ':' || source_record_id_a, system_b || ':' || source_record_id_b)
        order by decided_at desc, decision_id desc
    )
),

steward_decision as (
    select
        *,
        case
            when system_a = system_b and source_record_id_a = source_record_id_b then 'ONE_RECORD'
            when record_key_a is null or record_key_b is null then 'NO_SUCH_RECORD'
            when newest_decision_id != decision_id and newest_action = action then 'REPEATED'
            when newest_decision_id != decision_id then 'OVERRULED'
            when (action = 'LINK') = (customer_id_a = customer_id_b) then 'IN_FORCE'
            else 'NOT_FOLLOWED'
        end as effect
    from ranked
)

select * from steward_decision
