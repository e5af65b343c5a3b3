-- A referral that was sold, and a customer of the bank's core system of the same name who applied for a policy about then.
with referrals as (
    select
        records.record_no,
        records.name_sound,
        records.changed_at as referred_on
    from {{ ref('int_identity__standard_record') }} as records
    inner join {{ ref('stg_channel_banca__referrals') }} as referrals
        on records.source_system = 'channel_banca' and records.source_record_id = referrals.referral_no
    where referrals.result = 'SOLD' and records.given_name is not null and not records.is_gone
),

applicants as (
    select distinct
        records.record_no,
        records.name_sound,
        policies.applied_on
    from {{ ref('stg_core_banca__poly') }} as policies
    inner join {{ ref('int_identity__standard_record') }} as records
        on records.source_system = 'core_banca' and records.source_record_id in (policies.holder_cust_no, policies.insured_cust_no)
    where records.given_name is not null and not records.is_gone
),

int_identity__sale as (
    select distinct
        least(referrals.record_no, applicants.record_no) as record_a,
        greatest(referrals.record_no, applicants.record_no) as record_b
    from referrals
    inner join applicants on referrals.name_sound = applicants.name_sound
    where
        {{ days_between('referrals.referred_on', 'applicants.applied_on') }}
        between -{{ identity_parameter('sale_days_before') }} and {{ identity_parameter('sale_days_after') }}
)

select * from int_identity__sale
