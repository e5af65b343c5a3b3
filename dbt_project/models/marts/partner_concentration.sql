-- Partners by net new APE of the twelve months to as_of; shares are of all broker business that has a partner.
with business as (
    select
        partner_code,
        sum(ape) as ape
    from {{ ref('core_policy') }}
    where
        channel = 'BRK'
        and is_counted
        and partner_code is not null
        and issued_on > {{ add_months(as_of(), -12) }}
        and issued_on <= {{ as_of() }}
    group by partner_code
),

ranked as (
    select
        partner_code,
        ape,
        row_number() over (order by ape desc, partner_code asc) as rank,
        sum(ape) over (
            order by ape desc, partner_code asc rows between unbounded preceding and current row
        ) as cumulative_ape,
        sum(ape) over () as total_ape
    from business
    where ape > 0
),

partner_concentration as (
    select
        cast(rank as integer) as rank,
        partner_code,
        cast(ape as decimal(28, 3)) as ape,
        {{ ratio('ape', 'total_ape') }} as share,
        {{ ratio('cumulative_ape', 'total_ape') }} as cumulative_share,
        cast(cumulative_ape as decimal(28, 3)) as cumulative_ape,
        cast(total_ape as decimal(28, 3)) as total_ape
    from ranked
)

select * from partner_concentration
