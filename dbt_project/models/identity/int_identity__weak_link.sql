-- Weak evidence links first choices only, and only where nobody else may be meant: no second candidate who is not surely the
-- first one too, and for a follower no other follower of the same person. What is likely but not sure enough to merge is a
-- probable link.
with candidates as (
    select
        pairs.*,
        evidence.probability
    from {{ ref('int_identity__weak_pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
),

sure as (
    select
        nucleus_no,
        other_no
    from candidates
    where probability >= {{ identity_parameter('link_at') }}
    union
    select
        other_no as nucleus_no,
        nucleus_no as other_no
    from candidates
    where probability >= {{ identity_parameter('link_at') }}
),

-- Of two candidates that nothing makes one person, the worse one casts doubt unless it is much worse.
doubted as (
    select distinct better.nucleus_no
    from candidates as better
    inner join candidates as worse
        on better.nucleus_no = worse.nucleus_no and better.other_no <> worse.other_no and better.probability >= worse.probability
    left join sure on better.other_no = sure.nucleus_no and worse.other_no = sure.other_no
    where sure.nucleus_no is null and worse.probability > {{ identity_parameter('rival_at') }}
),

ranked as (
    select
        candidates.*,
        doubted.nucleus_no is not null as is_doubted,
        row_number() over (
            partition by candidates.nucleus_no
            order by candidates.probability desc, candidates.is_other_identified desc, candidates.records desc, candidates.other_no asc
        ) as choice
    from candidates
    left join doubted on candidates.nucleus_no = doubted.nucleus_no
),

claimed as (
    select
        *,
        is_follower and count(*) filter (where is_follower) over (partition by other_no) > 1 as is_contested
    from ranked
    where choice = 1
),

int_identity__weak_link as (
    select
        nucleus_no,
        other_no as other_nucleus_no,
        record_no,
        other_record_no as other_no,
        rule,
        probability,
        is_doubted,
        is_contested,
        probability >= {{ identity_parameter('link_at') }} and not is_doubted and not is_contested as is_merged,
        probability >= {{ identity_parameter('probable_at') }} and not is_doubted and not is_contested as is_probable
    from claimed
)

select * from int_identity__weak_link
