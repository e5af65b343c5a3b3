-- How many partners make a share, and what share the first so many make. With fewer partners than asked for, all of them.
with questions as (
    select question.*
    from {{ ref('concentration_question') }} as question
    where {{ valid_on('question', as_of()) }}
),

answered as (
    select
        questions.question,
        questions.kind,
        min(partners.rank) filter (where partners.cumulative_ape >= questions.amount * partners.total_ape) as partners,
        max(partners.cumulative_share) filter (where partners.rank <= questions.amount) as share
    from questions
    left join {{ ref('partner_concentration') }} as partners on true
    group by questions.question, questions.kind
),

partner_concentration_answer as (
    select
        question,
        case when kind = 'PARTNERS_FOR_SHARE' then cast(partners as double) else share end as value
    from answered
)

select * from partner_concentration_answer
