-- Weak evidence links first choices only. Candidates who are not surely one person exclude each other: what speaks for one
-- speaks against the others, so that a rival lowers a link's probability. What is likely but not sure enough to merge is a probable
-- link. With records that are gone (is_gone) the same is asked apart, for their place alone.
with candidates as (
    select
        pairs.*,
        evidence.probability as rule_probability,
        evidence.probability / (1 - evidence.probability) as odds
    from {{ ref('int_identity__weak_pair') }} as pairs
    inner join {{ ref('identity_evidence') }} as evidence on pairs.rule = evidence.rule
),

-- A record that is gone stands alone, whatever is sure of it.
gone_links as (
    select
        a.nucleus_no as nucleus_a,
        b.nucleus_no as nucleus_b
    from {{ ref('int_identity__strong_link') }} as links
    inner join {{ ref('int_identity__standard_record') }} as record_a on links.record_a = record_a.record_no
    inner join {{ ref('int_identity__standard_record') }} as record_b on links.record_b = record_b.record_no
    inner join {{ ref('int_identity__nucleus') }} as a on links.record_a = a.record_no
    inner join {{ ref('int_identity__nucleus') }} as b on links.record_b = b.record_no
    where (record_a.is_gone or record_b.is_gone) and links.rule <> 'STEWARD_SEPARATE'
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
    union
    select
        nucleus_a as nucleus_no,
        nucleus_b as other_no
    from gone_links
    union
    select
        nucleus_b as nucleus_no,
        nucleus_a as other_no
    from gone_links
),

rivals as (
    select
        candidates.nucleus_no,
        candidates.other_no,
        sum(rival.odds) as odds
    from candidates
    inner join candidates as rival
        on
            candidates.nucleus_no = rival.nucleus_no
            and candidates.other_no <> rival.other_no
            and (candidates.is_gone or not rival.is_gone)
    left join sure on candidates.other_no = sure.nucleus_no and rival.other_no = sure.other_no
    where sure.nucleus_no is null
    group by candidates.nucleus_no, candidates.other_no
),

-- Rounded, since the last bits of a sum depend on the order in which it was added up.
weighed as (
    select
        candidates.*,
        round(candidates.odds / (1 + candidates.odds + coalesce(rivals.odds, 0)), 9) as probability
    from candidates
    left join rivals on candidates.nucleus_no = rivals.nucleus_no and candidates.other_no = rivals.other_no
),

ranked as (
    select
        *,
        row_number() over (
            partition by nucleus_no, is_gone
            order by probability desc, is_other_identified desc, records desc, other_no asc
        ) as choice
    from weighed
),

-- Two followers of one number are often husband and wife: which of them is this person, nobody knows.
contested as (
    select
        *,
        is_follower and count(*) filter (where is_follower) over (partition by other_no, is_gone) > 1 as is_contested
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
        is_gone,
        probability >= {{ identity_parameter('link_at') }} and not is_contested as is_merged,
        not is_gone and probability >= {{ identity_parameter('probable_at') }} and not is_contested as is_probable
    from contested
)

select * from int_identity__weak_link
