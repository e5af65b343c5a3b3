-- What exports read of a generation, attached as `gen`, under the names that the audience declarations use.
-- The only file that knows how the warehouse names things.

create view generation as
select generation_id, as_of, code_version, parameter_version from gen.mart.generation;

-- Deliveries, and whether they were loaded.
create view delivery as
select source_system, business_date, status in ('LOADED', 'REPLACED') as is_good from gen.mart.load;

create view branch as
select branch_code, name, level from gen.core.branch;

-- Each branch at or below a level-2 branch, with that branch.
create view branch_tree as
select branch_code, level2_branch_code as level2_code
from gen.core.branch
where level2_branch_code is not null;

create view agent as
select agent_code, branch_code from gen.core.agent;

create view partner as
select partner_code, name, state from gen.core.partner;

create view newest_verdict as
select partner_code, max_by(verdict, period_end) as verdict
from gen.mart.partner_score
where period_kind = 'QUARTER'
group by partner_code;

create view bank as
select bank_code, coalesce(bank_name, bank_code) as name from gen.core.bank;

create view product as
select product_code, line, channels, is_on_sale from gen.core.product;

create view policy as
select
    source_system,
    policy_no,
    channel,
    branch_code,
    product_code,
    partner_code,
    bank_code,
    holder_customer_id,
    insured_customer_id,
    source_system || ':' || holder_record_id as holder_record_key,
    source_system || ':' || insured_record_id as insured_record_key,
    coalesce(serving_agent_code, partner_agent_code, bank_staff_code) as server_code,
    status,
    is_in_force,
    issued_on
from gen.core.policy;

-- Whom policies name to be paid: several of one policy, one person for several shares.
create view beneficiary as
select distinct source_system, policy_no, source_system || ':' || source_record_id as record_key, customer_id
from gen.core.policy_party
where role = 'BENEFICIARY' and source_record_id is not null;

create view instalment as
select source_system, policy_no, due_on from gen.core.instalment;

-- One row per current source record of a person who was not erased.
create view record as
select
    person.record_key,
    person.source_system,
    person.source_record_id,
    linked.customer_id,
    person.name,
    person.name_std,
    person.mobile,
    person.mobile_std,
    coalesce(person.is_mobile_valid, false) as is_mobile_valid,
    person.id_std,
    coalesce(person.is_id_valid, false) as is_id_valid,
    person.partner_code,
    person.bank_code,
    person.agent_code,
    coalesce(person.first_seen_on, date '9999-12-31') as first_seen_on,
    coalesce(person.changed_at, date '0001-01-01') as changed_on
from gen.identity.int_identity__person_record as person
inner join gen.identity.int_identity__customer_record as linked using (record_key);

-- Records of persons who asked to be erased: the keys alone.
create view erased as
select record_key, source_record_id from gen.identity.int_identity__erased_record;

create view follower as
select source_system, source_system || ':' || openid as record_key, openid, is_subscribed from gen.core.follower;

create view customer as
select
    profile.*,
    coalesce(consent.has_marketing_consent, false) as has_marketing_consent,  -- unknown is no consent
    coalesce(consent.has_sharing_consent, false) as has_sharing_consent
from gen.mart.customer as profile
inner join gen.core.customer as consent using (customer_id);

create view customer_tier as
select customer_id, scope, tier, tier_name, rule_id, strategy_code, contribution, potential
from gen.mart.customer_tier;

-- Why customers are in another tier than on the last day of the month before.
create view tier_cause as
select customer_id, from_tier, to_tier, cause from gen.mart.tier_move_customer;

-- Of customers who did not agree to sharing: a recipient's records as groups by links between them alone, and their tiers.
create view own_group as
select scope, record_key, own_group from gen.core.own_group;

create view own_tier as
select distinct scope, own_group, tier, tier_name, rule_id, strategy_code
from gen.core.tier
where own_group is not null;

create view strategy as
select strategy_code, tier, strategy_name, contact_cadence_days, service_package, product_lines, required_grades
from gen.reference.tier_strategy
where
    valid_from <= (select as_of from generation)
    and coalesce((select as_of from generation) < valid_to, true);

create view customer_tag as
select customer_id, tag, value, source_system, source_record_id, tagged_at from gen.mart.customer_tag;

-- What each record says, whatever other records say of the customer.
create view record_tag as
select source_system || ':' || source_record_id as record_key, tag, value from gen.core.customer_tag;

create view customer_points as
select customer_id, points_alive from gen.mart.customer_points;

create view customer_vip as
select customer_id, vip_level from gen.mart.customer_vip;

-- Why a tier holds, in words without the thresholds: those are parameters that change.
create view rule_text as
from (
    values
    ('T1_KEY', '有效保单且贡献达到重点经营线'),
    ('T2_DEVELOP', '可联系且潜力达到重点开发线'),
    ('T3_REGULAR', '有效保单且贡献达标或近一年有互动'),
    ('T4_RENEWAL', '有效保单且有后续应缴，或可复效'),
    ('T5_HOLD', '不符合其他各层级')
) as texts (rule_id, text);

-- Product lines that each strategy offers, in its order of preference.
create view strategy_line as
select strategy_code, unnest(lines) as line, generate_subscripts(lines, 1) as position
from (select strategy_code, regexp_split_to_array(product_lines, '[;|,]') as lines from strategy);

-- A need is covered by any line of its kind (rules.md §3).
create view need_line as
from (
    values ('LIFE', 'LIFE'), ('HEALTH', 'CI'), ('HEALTH', 'MEDICAL'), ('ANNUITY', 'ANNUITY'), ('ACCIDENT', 'ACCIDENT')
) as needs (need, line);
