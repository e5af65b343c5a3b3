-- Weak evidence links first choices only. Candidates who are not surely one person exclude each other: what speaks for one
-- speaks against the others, so that a rival lowers a link's probability. What is likely but not sure enough to merge is a probable
-- link.
with candidates as (
    select
        pairs.*,
        evidence.probability as rule_probability,
        evidence.probability / (1 - evidence.probability) as odds
    from {{ ref('int_identity__weak_pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
),

sure as (
    select
        nucleus_no,
        other_no
    from candidates
    where rule_probability >= {{ identity_parameter('link_at') }}
    union
    select
        other_no as nucleus_no,
        nucleus_no as other_no
    from candidates
    where rule_probability >= {{ identity_parameter('link_at') }}
),

rivals as (
    select
        candidates.nucleus_no,
        candidates.other_no,
        sum(rival.odds) as odds
    from candidates
    inner join candidates as rival on candidates.nucleus_no = rival.nucleus_no and candidates.other_no <> rival.other_no
    left join sure on candidates.other_no = sure.nucleus_no and rival.other_no = sure.other_no
    where sure.nucleus_no is null
    group by candidates.nucleus_no, candidates.other_no
),

ranked as (
    select
        candidates.*,
        candidates.odds / (1 + candidates.odds + coalesce(rivals.odds, 0)) as probability,
        row_number() over (
            partition by candidates.nucleus_no
            order by
                candidates.odds / (1 + candidates.odds + coalesce(rivals.odds, 0)) desc,
                candidates.is_other_identified desc,
                candidates.records desc,
                candidates.other_no asc
        ) as choice
    from candidates
    left join rivals on candidates.nucleus_no = rivals.nucleus_no and candidates.other_no = rivals.other_no
),

-- Two followers of one number are often husband and wife: which of them is this person, nobody knows.
contested as (
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
        rule_probability,
        probability,
        rule_probability >= {{ identity_parameter('link_at') }} and probability < {{ identity_parameter('link_at') }} as is_doubted,
        is_contested,
        probability >= {{ identity_parameter('link_at') }} and not is_contested as is_merged,
        probability >= {{ identity_parameter('probable_at') }} and not is_contested as is_probable
    from contested
)

select * from int_identity__weak_link
