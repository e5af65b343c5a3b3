-- A referral that was sold, and a customer of the bank's core system of the same name who applied for a policy about then.
-- Records that are gone are told too: they keep their place by it.
with referrals as (
    select
        records.record_no,
        records.name_sound,
        records.changed_at as referred_on
    from {{ ref('int_identity__standard_record') }} as records
    inner join {{ ref('stg_channel_banca__referrals') }} as referrals
        on records.source_system = 'channel_banca' and records.source_record_id = referrals.referral_no
    where referrals.result = 'SOLD' and records.given_name is not null
),

parties as (
    select
        holder_cust_no as cust_no,
        applied_on
    from {{ ref('stg_core_banca__poly') }}
    union
    select
        insured_cust_no as cust_no,
        applied_on
    from {{ ref('stg_core_banca__poly') }}
),

applicants as (
    select
        records.record_no,
        records.name_sound,
        parties.applied_on,
        {{ sale_period('parties.applied_on') }} as period
    from parties
    inner join {{ ref('int_identity__standard_record') }} as records
        on records.source_system = 'core_banca' and parties.cust_no = records.source_record_id
    where records.given_name is not null
),

-- A name is borne by many: only applications of the two periods that a referral's days reach into are looked at.
reached as (
    select
        referrals.*,
        {{ sale_period("referrals.referred_on - cast(" ~ identity_parameter('sale_days_before') ~ " as integer)") }} + steps.step as period
    from referrals
    cross join (values (0), (1)) as steps (step)
),

int_identity__sale as (
    select distinct
        least(reached.record_no, applicants.record_no) as record_a,
        greatest(reached.record_no, applicants.record_no) as record_b
    from reached
    inner join applicants on reached.name_sound = applicants.name_sound and reached.period = applicants.period
    where
        {{ days_between('reached.referred_on', 'applicants.applied_on') }}
        between -{{ identity_parameter('sale_days_before') }} and {{ identity_parameter('sale_days_after') }}
)

select * from int_identity__sale
