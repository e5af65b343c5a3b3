"""Time and memory of all packages over the number of customers, on a made-up generation: no lake and no build needed.

    python bench/exports/measure.py 1000000

Exports twice: the first lists, and those of a month later, when all were accepted and a tenth is in another tier. Prints
seconds and processor seconds per channel, peak memory of all processes together, then what the files of each format cost
when they are written alone, in this process: the share that is Excel.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "exports"))
from exports_generation import write_generation
from lake_acks import acknowledge

from exports.audience import CHANNELS, load_audience
from exports.demo_keys import write_demo_keys
from exports.formats.table import ListTable
from exports.package import all_packages
from exports.run import export_all
from exports.writing import _WRITERS
from warehouse.settings import Settings, get_settings

PARTNERS, BRANCHES, BANKS = 20, 10, 10

# Of ten customers five hold an individual policy, two a broker's, two a bank's, one is a prospect; half follow an account.
_CHANGES = """
delete from core.policy_party;
delete from core.policy; delete from core.instalment; delete from core.branch; delete from core.bank; delete from core.partner;
delete from core.agent; delete from core.follower; delete from core.own_group; delete from core.tier; delete from core.customer;
delete from mart.partner_score; delete from mart.customer; delete from mart.customer_tier; delete from mart.customer_tag;
delete from mart.customer_points; delete from mart.customer_vip;
delete from identity.int_identity__person_record; delete from identity.int_identity__customer_record;
insert into core.branch select 'B' || i, '分公司' || i, 'B' || i, 2 from range({branches}) as t (i);
insert into core.agent select 'A' || i, 'B' || i % {branches} from range(1000) as t (i);
insert into core.partner select printf('P%03d', i), '合作方' || i, '合作中' from range({partners}) as t (i);
insert into core.bank select printf('B%02d', i), '银行' || i from range({banks}) as t (i);
create table person as select i, i // 10 as n, md5(i::varchar) as id, case when i % 10 < 5 then 'IND' when i % 10 < 7 then 'BRK'
 when i % 10 < 9 then 'BANCA' end as channel, (1 + hash(i) % 5)::integer as tier from range({customers}) as t (i);
insert into core.policy by name select case channel when 'BANCA' then 'core_banca' else 'core_life' end as source_system,
 printf('88%016d', i) as policy_no, channel, 'B' || n % {branches} as branch_code, 'L1' as product_code,
 case channel when 'BRK' then printf('P%03d', n % {partners}) end as partner_code,
 case channel when 'BANCA' then printf('B%02d', n % {banks}) end as bank_code, id as holder_customer_id,
 id as insured_customer_id, 'C' || i as holder_record_id, 'C' || i as insured_record_id,
 case channel when 'IND' then 'A' || n % 1000 end as serving_agent_code, 'ACTIVE' as status, true as is_in_force,
 date '2024-01-01' as issued_on from person where channel is not null;
insert into core.policy_party select source_system, policy_no, 'BENEFICIARY', 1, insured_record_id, insured_customer_id
 from core.policy where hash(policy_no) % 3 = 0;
insert into core.instalment select source_system, policy_no, date '2026-06-01' from core.policy;
insert into identity.int_identity__person_record by name
 select source_system || ':' || source_record_id as record_key, * exclude (i), '王小明' as name, printf('139%08d', i) as mobile,
 date '2026-01-01' as changed_at from (
  select case channel when 'BANCA' then 'core_banca' else 'core_life' end as source_system, 'C' || i as source_record_id,
   null as partner_code, null as bank_code, null as agent_code, i from person where channel is not null
  union all select 'channel_broker', printf('P%03d:%d', n % {partners}, i), printf('P%03d', n % {partners}), null, null, i
   from person where channel = 'BRK'
  union all select 'channel_banca', 'R' || i, null, printf('B%02d', n % {banks}), null, i from person where channel = 'BANCA'
  union all select 'channel_individual', 'L' || i, null, null, 'A' || n % 1000, i from person where channel is null
  union all select 'wechat_individual', 'o' || i, null, null, null, i from person where i % 2 = 0
 );
insert into identity.int_identity__customer_record select record_key, md5(
 regexp_extract(source_record_id, '[0-9]+$')) from identity.int_identity__person_record;
insert into core.follower select source_system, source_record_id, true from identity.int_identity__person_record
 where source_system = 'wechat_individual';
insert into mart.customer by name select id as customer_id, 'HOLDER' as kind, '王小明' as name, printf('139%08d', i) as mobile,
 'M' as sex, 1980 as birth_year, date '1980-01-01' as birth_date, '310000' as region_code, date '2025-01-01' as first_seen_on,
 [coalesce(channel, 'IND')] as channels, true as is_contactable from person;
insert into core.customer select id, i % 3 > 0, i % 8 = 0 from person;
insert into mart.customer_tier select id, 'ALL', tier, ['重点经营', '重点开发', '正常经营', '续收保证', '暂时搁置'][tier],
 ['T1_KEY', 'T2_DEVELOP', 'T3_REGULAR', 'T4_RENEWAL', 'T5_HOLD'][tier], 'S' || tier, 50, 30 from person;
insert into core.own_group select coalesce(policy.partner_code, policy.bank_code), record_key,
 policy.source_system || ':' || policy.holder_record_id
 from core.policy as policy inner join identity.int_identity__customer_record as record on policy.holder_customer_id = customer_id
 inner join core.customer using (customer_id) where policy.channel <> 'IND' and not has_sharing_consent
 and split_part(record_key, ':', 1) in ('core_life', 'core_banca', 'channel_broker', 'channel_banca');
insert into core.tier select tier.* replace (own_group.scope as scope), own_group.own_group
 from (select distinct scope, own_group from core.own_group) as own_group
 inner join identity.int_identity__customer_record as record on own_group.own_group = record.record_key
 inner join mart.customer_tier as tier on record.customer_id = tier.customer_id;
insert into mart.customer_tag select id, '喜欢年金', '是', 'crm', 'tag:' || i, null from person where i % 2 = 0;
insert into mart.customer_points select id, 1200 from person; insert into mart.customer_vip select id, '银卡' from person;
drop table person;
"""

# A month later everything was accepted, a tenth is in another tier, and one policy of twenty was withdrawn.
_LATER = """
update mart.generation set generation_id = '20260228-0123456789ab', as_of = date '2026-02-28';
insert into mart.tier_move_customer select customer_id, tier, 1 + tier % 5, 'OTHER' from mart.customer_tier
 where hash(customer_id) % 10 = 0;
update mart.customer_tier set tier = 1 + tier % 5 where hash(customer_id) % 10 = 0;
update core.tier set tier = 1 + tier % 5 where hash(customer_id) % 10 = 0;
update core.policy set status = 'CANCELLED', is_in_force = false where hash(policy_no) % 20 = 0;
"""


class PeakMemory(threading.Thread):
    """The greatest memory of this process and its children together (proportional set size), sampled."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.is_over = 0, threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.2):
            self.peak = max(self.peak, sum(map(_kilobytes, _family())))


def _family() -> list[str]:
    children = Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split()
    return ["self", *children]


def _kilobytes(process: str) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended just now
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _processor_seconds() -> float:
    """Of this process and those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        change = _CHANGES.format(customers=customers, partners=PARTNERS, branches=BRANCHES, banks=BANKS)
        generation = write_generation(folder / "generation", change)
        workbooks = folder / "landing" / "channel_broker" / "2026-01-31"
        workbooks.mkdir(parents=True)
        for number in range(PARTNERS):
            (workbooks / f"customers_P{number:03d}.xlsx").touch()
        write_demo_keys(folder / "landing", folder / "keys")
        settings = get_settings(home=folder / "home", recipient_keys=folder / "keys", memory_limit="1GiB", threads=2)
        memory = PeakMemory()
        memory.start()
        print("the first lists")
        used, lines = _export(settings, generation, customers)
        for package in all_packages(settings):
            acknowledge(settings, package.result(is_new=False), minute=1)
        with duckdb.connect(str(generation / "restricted.duckdb")) as connection:
            connection.execute(_LATER)
        print("a month later, all accepted")
        _export(settings, generation, customers)
        memory.is_over.set()
        memory.join()
        print(f"peak of all processes together: {memory.peak / 2**20:.2f} GiB")
        _formats(folder, lines, used)


def _export(settings: Settings, generation: Path, customers: int) -> tuple[float, int]:
    """Export and tell what each channel took; returns all processor seconds and how many lines workbooks hold."""
    lines = {}
    began, used_before = time.monotonic(), _processor_seconds()
    for channel in CHANNELS:
        start, used = time.monotonic(), _processor_seconds()
        results = export_all(settings, generation, [channel])
        lines[channel] = sum(sum(result.totals["change"].values()) for result in results)
        said = f"{channel:>12}: {len(results):3} packages, {lines[channel]:>9,} lines"
        print(f"{said}, {time.monotonic() - start:6.1f} s, {_processor_seconds() - used:6.1f} CPU s", flush=True)
    used = _processor_seconds() - used_before
    print(f"{'all':>12}: {time.monotonic() - began:.1f} s, {used:.1f} CPU s for {customers:,} customers", flush=True)
    return used, lines["individual"] + lines["broker"]


def _formats(folder: Path, lines: int, used: float) -> None:
    """What each format of a tier list takes for 50,000 lines, alone; and what that makes of all workbooks."""
    sample = 50_000
    audience = load_audience("individual")
    texts = ", ".join(f"'text of {column.name}' as \"{column.name}\"" for column in audience.columns)
    rows = folder / "rows"
    text = f"select * replace (1 as tier, 'NEW' as change) from (select {texts}) cross join range({sample}) as t (i)"
    duckdb.sql(f"copy (select * exclude (i) from ({text})) to '{rows}' (format parquet)")
    totals = {"tier": {"1": sample}, "change": {"NEW": sample}}
    table = ListTable(rows, audience.columns, date(2026, 1, 31), "", "", totals)
    for form in ("xlsx", "csv", "dat", "jsonl"):
        start = time.process_time()
        _WRITERS[form](table, folder / f"alone.{form}")
        seconds = time.process_time() - start
        share = seconds * lines / sample
        excel = f", {share:.0f} ({share / used:.0%} of all) for the {lines:,} lines in workbooks" if form == "xlsx" else ""
        print(f"{form:>12}: {seconds:5.2f} CPU s for {sample:,} lines{excel}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
