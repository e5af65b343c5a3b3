-- Who uses a mobile: a family shares one, an agent enters his own for his clients, and a number is given to someone else.
with uses as (
    select
        mobile_std,
        count(distinct name_sound) as names
    from {{ ref('int_identity__person_record') }}
    where is_mobile_valid
    group by mobile_std
),

agents as (
    select distinct {{ mobile_digits('mobile') }} as mobile_std
    from {{ ref('stg_channel_individual__agents') }}
    where mobile is not null
),

int_identity__mobile as (
    select
        uses.mobile_std,
        uses.names,
        -- A number under so many names is nobody's own: an agent's, or that of the bank's staff, whom nobody told us of.
        agents.mobile_std is not null or uses.names > {{ identity_parameter('shared_names') }} as is_agents
    from uses
    left join agents on uses.mobile_std = agents.mobile_std
)

select * from int_identity__mobile
