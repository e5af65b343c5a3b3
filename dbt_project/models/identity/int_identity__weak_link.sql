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

first_choices as (
    select * from ranked
    where choice = 1
),

followers as (
    select distinct
        first_choices.nucleus_no,
        first_choices.other_no,
        records.source_system,
        records.unionid
    from first_choices
    inner join {{ ref('int_identity__nucleus') }} as nuclei on first_choices.nucleus_no = nuclei.nucleus_no
    inner join {{ ref('int_identity__standard_record') }} as records on nuclei.record_no = records.record_no
    where first_choices.is_follower and starts_with(records.source_system, 'wechat_')
),

-- Two followers of one number are often husband and wife; if they follow one account, or are known to be two users of
-- WeChat, at most one of them is this person.
contests as (
    select
        one.nucleus_no,
        bool_or(one.source_system = another.source_system or one.unionid <> another.unionid) as is_exclusive
    from followers as one
    inner join followers as another on one.other_no = another.other_no and one.nucleus_no <> another.nucleus_no
    group by one.nucleus_no
),

int_identity__weak_link as (
    select
        first_choices.nucleus_no,
        first_choices.other_no as other_nucleus_no,
        first_choices.record_no,
        first_choices.other_record_no as other_no,
        first_choices.rule,
        first_choices.rule_probability,
        first_choices.probability,
        first_choices.rule_probability >= {{ identity_parameter('link_at') }}
        and first_choices.probability < {{ identity_parameter('link_at') }} as is_doubted,
        contests.nucleus_no is not null as is_contested,
        first_choices.probability >= {{ identity_parameter('link_at') }} and contests.nucleus_no is null as is_merged,
        first_choices.probability >= {{ identity_parameter('probable_at') }} and not coalesce(contests.is_exclusive, false) as is_probable
    from first_choices
    left join contests on first_choices.nucleus_no = contests.nucleus_no
)

select * from int_identity__weak_link
