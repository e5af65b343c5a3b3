"""A small published generation, written by hand: two branches, three partners, two banks, a few people."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"

TABLES = """
create schema mart; create schema core; create schema identity;
create table mart.generation (
 generation_id varchar, as_of date, code_version varchar default 'c1', parameter_version varchar default 'p1');
insert into mart.generation (generation_id, as_of) values ('20260131-0123456789ab', date '2026-01-31');
create table mart.load (source_system varchar, business_date date, status varchar);
insert into mart.load values ('core_life', date '2026-01-31', 'LOADED'), ('channel_individual', date '2026-01-31', 'LOADED');
create table mart.tier_move_customer (customer_id varchar, from_tier integer, to_tier integer, cause varchar);

create table core.branch (branch_code varchar, name varchar, level2_branch_code varchar, level integer);
insert into core.branch values
 ('00', '总公司', null, 1), ('31', '上海分公司', '31', 2), ('3101', '浦东', '31', 3), ('44', '广东分公司', '44', 2);
create table core.agent (agent_code varchar, branch_code varchar);
insert into core.agent values ('A1', '3101'), ('A2', '44');

create table core.partner (partner_code varchar, name varchar, state varchar);
insert into core.partner values
 ('P001', '甲经纪', '合作中'), ('P002', '乙代理', '暂停'), ('P003', '丙经纪', '退出'), ('P004', '丁经纪', '合作中');
create table mart.partner_score (partner_code varchar, period_kind varchar, period_end date, verdict varchar);
insert into mart.partner_score values
 ('P001', 'QUARTER', date '2025-09-30', 'EXIT'), ('P001', 'QUARTER', date '2025-12-31', 'CONTINUE'),
 ('P004', 'QUARTER', date '2025-12-31', 'EXIT'), ('P004', 'YEAR', date '2025-12-31', 'CONTINUE');
create table core.bank (bank_code varchar, bank_name varchar);
insert into core.bank values ('ICBC', '工商银行'), ('CMB', null);

create table core.product (product_code varchar, line varchar, channels varchar, is_on_sale boolean);
insert into core.product values
 ('L1', 'LIFE', 'IND|BRK|BANCA', true), ('C1', 'CI', 'IND|BRK', true), ('A1', 'ANNUITY', 'IND|BRK|BANCA', false);

create table core.policy (
 source_system varchar, policy_no varchar, channel varchar, branch_code varchar, product_code varchar,
 partner_code varchar, bank_code varchar, holder_customer_id varchar, insured_customer_id varchar,
 holder_record_id varchar, serving_agent_code varchar, partner_agent_code varchar, bank_staff_code varchar,
 status varchar, is_in_force boolean, issued_on date, insured_record_id varchar);
insert into core.policy values
 ('core_life', '000000000000000001', 'IND', '3101', 'L1', null, null, 'c1', 'c1', 'C1', 'A1', null, null,
  'ACTIVE', true, date '2024-01-01', null),
 ('core_life', '000000000000000002', 'BRK', '3101', 'C1', 'P001', null, 'c1', 'c2', 'C1', null, 'PA1', null,
  'ACTIVE', true, date '2024-02-01', null),
 ('core_life', '000000000000000003', 'BRK', '3101', 'L1', 'P002', null, 'c2', 'c2', 'C2', null, 'PA2', null,
  'LAPSED', false, date '2023-02-01', null),
 ('core_life', '000000000000000004', 'IND', '44', 'L1', null, null, 'c3', 'c3', 'C3', 'A2', null, null,
  'CANCELLED', false, date '2024-02-01', null),
 ('core_banca', '000000000000000001', 'BANCA', '3101', 'L1', null, 'ICBC', 'c4', 'c4', 'B1', null, null,
  'S1', 'ACTIVE', true, date '2024-02-01', null);
update core.policy set insured_record_id = case insured_customer_id when 'c4' then 'B1'
 else upper(insured_customer_id) end;
create table core.policy_party (
 source_system varchar, policy_no varchar, role varchar, seq integer, source_record_id varchar, customer_id varchar);
insert into core.policy_party values
 ('core_life', '000000000000000003', 'BENEFICIARY', 1, 'C2', 'c2'),
 ('core_life', '000000000000000003', 'BENEFICIARY', 2, 'C2', 'c2'),
 ('core_life', '000000000000000002', 'BENEFICIARY', 1, 'C3', 'c3'),
 ('core_life', '000000000000000004', 'BENEFICIARY', 1, 'C1', 'c1');
create table core.instalment (source_system varchar, policy_no varchar, due_on date);
insert into core.instalment values
 ('core_life', '000000000000000001', date '2026-01-31'), ('core_life', '000000000000000001', date '2027-01-01'),
 ('core_life', '000000000000000002', date '2026-02-15'), ('core_banca', '000000000000000001', date '2026-03-01');

create table identity.int_identity__person_record (
 record_key varchar, source_system varchar, source_record_id varchar, name varchar, mobile varchar, mobile_std varchar,
 name_std varchar, is_mobile_valid boolean default true, id_std varchar, is_id_valid boolean default false,
 partner_code varchar, bank_code varchar, agent_code varchar, changed_at date,
 first_seen_on date default date '2025-01-01');
create table identity.int_identity__customer_record (record_key varchar, customer_id varchar);
insert into identity.int_identity__person_record (
 record_key, source_system, source_record_id, name, mobile, mobile_std, partner_code, bank_code, agent_code, changed_at
) values
 ('core_life:C1', 'core_life', 'C1', '王小明', '13911110001', '13911110001', null, null, null, date '2026-01-01'),
 ('core_life:C2', 'core_life', 'C2', '李四', '13911110002', '13911110002', null, null, null, date '2026-01-01'),
 ('core_life:C3', 'core_life', 'C3', '赵三', '13911110003', '13911110003', null, null, null, date '2026-01-01'),
 ('core_banca:B1', 'core_banca', 'B1', '钱七', '13911110004', '13911110004', null, null, null, date '2026-01-01'),
 ('channel_broker:P001:000000000000000002', 'channel_broker', 'P001:000000000000000002', '=王"小明', '+13922220001',
  null, 'P001', null, null, date '2026-01-02'),
 ('channel_broker:P002:x', 'channel_broker', 'P002:x', '@孙', '13922220009', '13922220009', 'P002', null, null,
  date '2026-01-02'),
 ('channel_individual:L1', 'channel_individual', 'L1', '周八', '13933330001', '13933330001', null, null, 'A2',
  date '2026-01-02'),
 ('channel_banca:R1', 'channel_banca', 'R1', '钱|七' || chr(10) || '𠮷', '13944440001', '13944440001', null, 'ICBC',
  null, date '2026-01-02'),
 ('wechat_broker:o1', 'wechat_broker', 'o1', null, null, null, null, null, null, date '2026-01-02'),
 ('wechat_broker:o2', 'wechat_broker', 'o2', null, null, null, null, null, null, date '2026-01-02');
insert into identity.int_identity__customer_record values
 ('core_life:C1', 'c1'), ('core_life:C2', 'c2'), ('core_life:C3', 'c3'), ('core_banca:B1', 'c4'),
 ('channel_broker:P001:000000000000000002', 'c1'), ('channel_broker:P002:x', 'c5'), ('channel_individual:L1', 'c6'),
 ('channel_banca:R1', 'c4'), ('wechat_broker:o1', 'c1'), ('wechat_broker:o2', 'c7');
update identity.int_identity__person_record set name_std = '钱七', mobile_std = '13944440001'
where record_key in ('core_banca:B1', 'channel_banca:R1');
create table identity.int_identity__erased_record (source_system varchar, source_record_id varchar, record_key varchar);
create table core.follower (source_system varchar, openid varchar, is_subscribed boolean);
insert into core.follower values ('wechat_broker', 'o1', true), ('wechat_broker', 'o2', false);

create table mart.customer (
 customer_id varchar, kind varchar, sex varchar, birth_year integer, birth_date date, id_number varchar, name varchar,
 mobile varchar, region_code varchar, first_seen_on date, channels varchar[], is_contactable boolean);
insert into mart.customer
 select 'c' || i, 'HOLDER', 'M', 1980, date '1980-01-01', '11010119800101001X', '客户' || i, '1391111000' || i,
 '310000', date '2025-01-01', ['IND'], i % 2 = 1 from range(1, 8) as t (i);
create table core.customer as
 select customer_id, is_contactable as has_marketing_consent, customer_id = 'c1' as has_sharing_consent
 from mart.customer;
create table mart.customer_tier (
 customer_id varchar, scope varchar, tier integer, tier_name varchar, rule_id varchar, strategy_code varchar,
 contribution integer, potential integer);
insert into mart.customer_tier values
 ('c1', 'ALL', 1, '重点经营', 'T1_KEY', 'S1', 95, 40), ('c2', 'ALL', 3, '正常经营', 'T3_REGULAR', 'S3', 40, 10),
 ('c3', 'ALL', 5, '暂时搁置', 'T5_HOLD', 'S5', 0, 10), ('c4', 'ALL', 3, '正常经营', 'T3_REGULAR', 'S3', 40, 10),
 ('c5', 'ALL', 2, '重点开发', 'T2_DEVELOP', 'S2', 0, 70), ('c6', 'ALL', 5, '暂时搁置', 'T5_HOLD', 'S5', 0, 10),
 ('c7', 'ALL', 5, '暂时搁置', 'T5_HOLD', 'S5', 0, 10),
 ('c2', 'P002', 4, '续收保证', 'T4_RENEWAL', 'S4', 0, 10), ('c5', 'P002', 5, '暂时搁置', 'T5_HOLD', 'S5', 0, 10),
 ('c4', 'ICBC', 4, '续收保证', 'T4_RENEWAL', 'S4', 30, 10);
-- Of those who did not agree to sharing: what a recipient's own records say of each other, and the tiers of these groups.
create table core.own_group (scope varchar, record_key varchar, own_group varchar);
insert into core.own_group values
 ('P001', 'core_life:C2', 'core_life:C2'), ('P002', 'core_life:C2', 'core_life:C2'),
 ('P002', 'channel_broker:P002:x', 'channel_broker:P002:x'),
 ('ICBC', 'core_banca:B1', 'channel_banca:R1'), ('ICBC', 'channel_banca:R1', 'channel_banca:R1');
create table core.tier as select *, null::varchar as own_group from mart.customer_tier where scope = 'ALL';
insert into core.tier
 select tier.*, own_group.own_group
 from (from mart.customer_tier where scope <> 'ALL') as tier
 inner join core.own_group on own_group.scope = tier.scope
 inner join identity.int_identity__customer_record as linked
  on own_group.record_key = linked.record_key and tier.customer_id = linked.customer_id;
create schema reference;
create table reference.tier_strategy (
 strategy_code varchar, tier integer, strategy_name varchar, contact_cadence_days integer, service_package varchar,
 product_lines varchar, required_grades varchar,
 valid_from date default date '2000-01-01', valid_to date);
insert into reference.tier_strategy
 (strategy_code, tier, strategy_name, contact_cadence_days, service_package, product_lines, required_grades) values
 ('S1', 1, '重点经营服务', 30, '尊享服务;绿色通道', 'LIFE|CI|ANNUITY', 'S|A'),
 ('S2', 2, '重点开发服务', 45, '专属服务', 'CI|LIFE', 'A|B'),
 ('S3', 3, '常规服务', 90, '标准服务', 'CI|ACCIDENT', null),
 ('S4', 4, '续收服务', 180, '续期提醒', null, null), ('S5', 5, '基础服务', 365, '公众号服务', null, null);
create table mart.customer_tag (
 customer_id varchar, tag varchar, value varchar, source_system varchar, source_record_id varchar, tagged_at timestamp);
insert into mart.customer_tag values ('c1', '喜欢年金', '是', 'crm', 'tag:0011', null);
create view core.customer_tag as from mart.customer_tag;
create table mart.customer_points (customer_id varchar, points_alive bigint);
create table mart.customer_vip (customer_id varchar, vip_level varchar);
insert into mart.customer_points values ('c1', 1200);
insert into mart.customer_vip values ('c1', '银卡');
"""


def column_rules() -> dict[str, dict[str, dict[str, Any]]]:
    """The models' column metadata, as publishing writes it, straight from the project's YAML."""
    models = [model for path in MODELS.glob("*/*.yml") for model in yaml.safe_load(path.read_text("utf-8")).get("models", [])]
    return {
        model["name"]: {column["name"]: column.get("config", {}).get("meta", {}) for column in model.get("columns", [])}
        for model in models
    }


_RULES = json.dumps(column_rules())


@cache
def _unchanged() -> bytes:
    """The database without changes, made once a process: writing its bytes is far quicker than its statements."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "restricted.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(TABLES)
        return path.read_bytes()


def write_generation(folder: Path, *changes: str) -> Path:
    """Write a generation into ``folder`` and apply SQL ``changes`` to it; returns the folder."""
    folder.mkdir(parents=True)
    (folder / "columns.json").write_text(_RULES, encoding="utf-8")
    (folder / "restricted.duckdb").write_bytes(_unchanged())
    with duckdb.connect(str(folder / "restricted.duckdb")) as connection:
        for change in changes:
            connection.execute(change)
    return folder
