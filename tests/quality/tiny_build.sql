-- The smallest build that passes the publish gate: two customers, a policy of each core system, one partner.
create schema lake;
create schema core;
create schema identity;
create schema mart;

create table lake.build_info as select date '2026-02-28' as as_of;
create table lake.full_load (table_name text, _scope text, business_date date);
create table lake.quarantine (table_name text, _scope text, _key text, business_date date);
create table lake.core_life__policy as select * from (values
    ('core_life', 'core_life', 'A', date '2026-01-31', 2, 'A', 'MONTHLY', 90.00::decimal(18, 2), null),
    ('core_life', 'core_life', 'A', date '2026-02-28', 2, 'A', 'MONTHLY', 100.00::decimal(18, 2), null),
    ('core_life', 'core_life', 'gone', date '2026-02-28', 3, 'gone', 'ANNUAL', 70.00::decimal(18, 2), 'Y')
) as rows (_source_system, _scope, _key, _business_date, _line, policy_no, pay_mode, modal_premium, is_deleted);
create table lake.core_banca__poly as select * from (values
    ('core_banca', 'core_banca', 'B', date '2026-02-28', 2, 'B', '0', 5000000)
) as rows (_source_system, _scope, _key, _business_date, _line, policy_no, pay_mode, premium);
create table lake.core_life__premium_due as select * from (values
    ('core_life', 'core_life', 'A1', date '2026-02-28', 2, 'A', 1, 100.00::decimal(18, 2), 100.00::decimal(18, 2), 'N')
) as rows (_source_system, _scope, _key, _business_date, _line, policy_no, instalment_no, amount_due, amount_paid, is_deleted);
create table lake.core_banca__prem as select * from (values
    ('core_banca', 'core_banca', 'B1', date '2026-02-28', 2, 'B', 1, 5000000, 5000000)
) as rows (_source_system, _scope, _key, _business_date, _line, policy_no, instalment_no, amount_due, amount_paid);

create table core.branch as select 'N' as branch_code;
create table core.product as select 'L' as product_code;
create table core.partner as select 'P' as partner_code;
create table core.instalment as select * from (values
    ('core_life', 'A', 1, 100.00::decimal(18, 2), 100.00::decimal(18, 2)),
    ('core_banca', 'B', 1, 50000.00::decimal(18, 2), 50000.00::decimal(18, 2))
) as rows (source_system, policy_no, instalment_no, amount_due, amount_paid);

create table identity.int_identity__person_record as select * from (values
    ('core_life:1', 'ID', 'id of one', true), ('core_banca:2', 'ID', 'id of two', true), ('crm:card:3', null, null, false)
) as rows (record_key, id_type, id_std, is_id_valid);
create table identity.int_identity__customer_record as select * from (values
    ('core_life:1', 'one', 'SELF'), ('core_banca:2', 'two', 'SELF'), ('crm:card:3', 'two', 'ID')
) as rows (record_key, customer_id, match_rule);

create table mart.generation as select '20260228-x' as generation_id, 'p1' as parameter_version;
create table mart.customer as select * from (values ('one'), ('two')) as rows (customer_id);
create table mart.customer_source as select * from (values
    ('core_life', '1', 'one', 'ALONE'), ('core_banca', '2', 'two', 'SAME_ID'), ('crm', 'card:3', 'two', 'SAME_ID')
) as rows (source_system, source_record_id, customer_id, match_rule);
create table mart.identity_audit as select * from (values
    ('LINKS_BY_RULE', 'SAME_ID', 1, null, null), ('RULE_PRECISION_STEWARDED', 'SAME_ID', 1, 1, 1.0)
) as rows (metric, item, numerator, denominator, share);
create table mart.steward_conflict (decision_id text);
create table mart.customer_tier as select * from (values
    ('one', 'ALL', 1, 'T1_KEY', 95, 30), ('two', 'ALL', 5, 'T5_HOLD', 0, 30), ('two', 'P', 5, 'T5_HOLD', 0, 30)
) as rows (customer_id, scope, tier, rule_id, contribution, potential);
create table mart.policy as select * from (values
    ('core_life', 'A', 'BRK', 'N', 'L', 'P', 'one', 'one', 1200.00::decimal(18, 2), 1200.000::decimal(18, 3), true),
    ('core_banca', 'B', 'BANCA', 'N', 'L', null, 'two', 'one', 50000.00::decimal(18, 2), 5000.000::decimal(18, 3), true)
) as rows (
    source_system, policy_no, channel, branch_code, product_code, partner_code, holder_customer_id, insured_customer_id,
    annualised_premium, ape, is_in_force);
create table mart.persistency_policy as
select 'core_life' as source_system, 'A' as policy_no, 13 as month_k, true as is_exposed, true as is_persisting,
    true as is_persisting_reinstated, 1200.00::decimal(18, 2) as annualised_premium;
create table mart.persistency as
select 13 as month_k, date '2025-01-01' as cohort_month, 'BRK' as channel, 'N' as branch_code, 'P' as partner_code,
    null::text as agent_code, null::text as bank_code, 1 as exposed_count, 1 as persisting_count,
    1200.00::decimal(18, 2) as exposed_premium, 1200.00::decimal(18, 2) as persisting_premium,
    1.0 as rate_count, 1.0 as rate_premium, 1.0 as rate_reinstated;
create table mart.partner_score as
select 'P' as partner_code, 'YEAR' as period_kind, date '2025-12-31' as period_end, 20 as platform_points,
    100 as persistency_points, 100 as contribution_points, 0 as density_points, 57.00::decimal(5, 2) as score,
    false as is_vetoed, 'D' as grade, 'EXIT' as verdict;
create table mart.load as select * from (values
    ('core_life', date '2026-02-28', 'policy.csv.gz', 3, 2, 1, 'LOADED',
        '{"modal_premium": {"delivered": "170.10", "loaded": "170.00", "quarantined": "0.10"}}'),
    ('crm', date '2026-02-28', null, null, null, null, 'REJECTED', null)
) as rows (source_system, business_date, file_name, rows_read, rows_loaded, rows_quarantined, status, sums);
create table mart.quarantine as select 'core_life' as source_system;
