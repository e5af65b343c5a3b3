-- The pairs that are one person, each by the strongest rule that says so. Weight is the rule's strength, 0 to 1.
with pairs as (
    select * from {{ ref('int_identity__pair') }}
),

steward as (
    select
        least(a.record_no, b.record_no) as record_a,
        greatest(a.record_no, b.record_no) as record_b,
        decisions.action,
        row_number() over (
            partition by least(a.record_no, b.record_no), greatest(a.record_no, b.record_no)
            order by decisions.decided_at desc, decisions.decision_id desc
        ) as recency
    from {{ ref('stg_stewardship__decisions') }} as decisions
    inner join {{ ref('int_identity__person_record') }} as a
        on decisions.system_a = a.source_system and decisions.record_a = a.source_record_id
    inner join {{ ref('int_identity__person_record') }} as b
        on decisions.system_b = b.source_system and decisions.record_b = b.source_record_id
    where a.record_no <> b.record_no
),

ruled as (
    select
        record_a,
        record_b,
        case
            when id_relation = 'different' then 'VETO_ID'
            when id_relation = 'same' and (
                name_relation <> 'different' or (birth_relation = 'same' and not is_sex_different)
            ) then 'SAME_ID'
            when is_unionid_same and name_relation <> 'different' and last4_relation <> 'different' then 'SAME_UNIONID'
            when is_named_by_card and name_relation <> 'different' then 'CARD_NAMES_RECORD'
            when name_relation in ('different', 'none', 'surname') then null
            when birth_relation = 'different'
                then
                    case
                        when
                            id_relation in ('guess', 'near') and mobile_relation = 'same' and name_relation = 'same'
                            then 'NEAR_ID_NAME_MOBILE'
                    end
            when last4_relation = 'different' and id_relation <> 'near' then null
            when id_relation in ('guess', 'near') then 'NEAR_ID_NAME'
            when mobile_relation = 'same' and birth_relation in ('same', 'swapped') and name_relation <> 'near' then 'NAME_MOBILE_BIRTH'
            when last4_relation = 'same' and mobile_relation = 'same' then 'NAME_MOBILE_LAST4'
            when last4_relation = 'same' and is_on_policy then 'NAME_POLICY_LAST4'
            when name_relation in ('near', 'homophone')
                then
                    case
                        when mobile_relation = 'same' and birth_relation = 'same' then 'NEAR_NAME_MOBILE_BIRTH'
                        when email_relation = 'same' and birth_relation = 'same' then 'NEAR_NAME_EMAIL_BIRTH'
                    end
            when email_relation = 'same' then 'NAME_EMAIL'
            when mobile_relation = 'same' and not is_mobile_agents then 'NAME_MOBILE'
            when is_on_policy then 'NAME_POLICY'
            when birth_relation = 'same' and address_relation = 'same' then 'NAME_BIRTH_ADDRESS'
            when last4_relation = 'same' and birth_relation = 'same' then 'NAME_BIRTH_LAST4'
        end as rule
    from pairs
),

weighted as (
    select
        record_a,
        record_b,
        rule,
        case rule
            when 'SAME_ID' then 0.9999
            when 'NAME_MOBILE_LAST4' then 0.9998
            when 'NAME_MOBILE_BIRTH' then 0.9998
            when 'SAME_UNIONID' then 0.9997
            when 'CARD_NAMES_RECORD' then 0.9996
            when 'NAME_EMAIL' then 0.9995
            when 'NAME_POLICY_LAST4' then 0.9994
            when 'NEAR_ID_NAME' then 0.999
            else 0.998
        end as weight
    from ruled
    where rule is not null and rule <> 'VETO_ID'
),

int_identity__link as (
    select
        weighted.record_a,
        weighted.record_b,
        weighted.rule,
        weighted.weight
    from weighted
    left join steward on weighted.record_a = steward.record_a and weighted.record_b = steward.record_b and steward.recency = 1
    where steward.action is null
    union all
    select
        record_a,
        record_b,
        'STEWARD_' || action as rule,
        case when action = 'LINK' then 1.0 else 0.0 end as weight
    from steward
    where recency = 1
)

select * from int_identity__link
