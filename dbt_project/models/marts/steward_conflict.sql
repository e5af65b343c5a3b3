-- Decisions that can't both hold, of which the newer counts: two on one pair; a LINK that would bring together two records whom a
-- newer SEPARATE keeps apart; and a SEPARATE of two records whom newer LINKs bring together.
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

in_spite as (
    select
        'THROUGH_OTHERS' as kind,
        loser.decision_id,
        {{ newest_of('winner.decision_id', 'true', 'winner.decided_at') }} as winning_decision_id
    from decisions as loser
    inner join decisions as winner on loser.customer_id_a = winner.customer_id_a and loser.decided_at <= winner.decided_at
    where loser.effect = 'NOT_FOLLOWED' and loser.action = 'SEPARATE' and winner.effect = 'IN_FORCE' and winner.action = 'LINK'
    group by loser.decision_id
),

found as (
    select * from on_one_pair
    union all
    select * from through_others
    union all
    select * from in_spite
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
