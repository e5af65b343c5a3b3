-- Decisions that can't both hold: two on one pair, of which the newer counts; and a LINK that would bring together two
-- records whom another decision keeps apart.
with decisions as (
    select * from {{ ref('core_steward_decision') }}
),

on_one_pair as (
    select
        'SAME_PAIR' as kind,
        loser.decision_id,
        winner.decision_id as winning_decision_id
    from decisions as loser
    inner join decisions as winner on loser.newest_decision_id = winner.decision_id
    where loser.newest_decision_id != loser.decision_id and loser.newest_action != loser.action
),

through_others as (
    select
        'THROUGH_OTHERS' as kind,
        loser.decision_id,
        winner.decision_id as winning_decision_id
    from decisions as loser
    inner join decisions as winner
        on
            least(loser.customer_id_a, loser.customer_id_b) = least(winner.customer_id_a, winner.customer_id_b)
            and greatest(loser.customer_id_a, loser.customer_id_b) = greatest(winner.customer_id_a, winner.customer_id_b)
    where loser.effect = 'NOT_FOLLOWED' and loser.action = 'LINK' and winner.effect = 'IN_FORCE' and winner.action = 'SEPARATE'
),

found as (
    select * from on_one_pair
    union all
    select * from through_others
),

steward_conflict as (
    select
        found.decision_id,
        found.winning_decision_id,
        found.kind,
        loser.action,
        loser.decided_by,
        loser.decided_at,
        winner.action as winning_action,
        winner.decided_by as winning_decided_by,
        winner.decided_at as winning_decided_at,
        loser.system_a as source_system_a,
        loser.source_record_id_a,
        loser.system_b as source_system_b,
        loser.source_record_id_b
    from found
    inner join decisions as loser on found.decision_id = loser.decision_id
    inner join decisions as winner on found.winning_decision_id = winner.decision_id
)

select * from steward_conflict
