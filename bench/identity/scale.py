"""Seconds and memory of all identity steps over the number of person records.

    python bench/identity/scale.py 300000 1000000 3000000

For each number the sample's own population is made in towns of 50,000 persons, each with its own seed, and written to a
lake of its own as ingest would (contracts' types, lineage, commit records), then the product's dbt layers run on it.
Prints per size: records, pairs, customers, seconds and peak memory of the identity layer (one dbt process, start-up
included), and how much more a record costs than at the size before. GLIFE_MEMORY_LIMIT and GLIFE_THREADS hold. ``--keep DIR``
keeps lakes and builds, and finds a lake made there before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from ingest.check import check_query
from sample import desks, wechat
from sample.chance import day
from sample.cores import core_banca, core_life
from sample.crm import crm
from sample.people import check_digit
from sample.tables import Table, iso
from sample.world import make_world
from warehouse import build, contract, lake
from warehouse.settings import Settings, get_settings

TOWN = 50_000
FULL, DELTA = date(2026, 1, 31), date(2026, 4, 30)
_LONG_AGO = -(10**6)
# What one town must not share with another: the sources count from the same first number everywhere.
_IDS = ("client_id", "policy_no", "cust_no", "holder_cust_no", "insured_cust_no", "线索号", "referral_no", "record")
_JSON_IDS = r'("(?:record|activity|card|survey|complaint|consent)_id": ?"|"policy_no": ?")'


@dataclass(frozen=True)
class Cost:
    """What one dbt process took."""

    seconds: float
    cpu_seconds: float
    peak_gib: float
    models: dict[str, float]


def town(number: int, persons: int = TOWN) -> dict[tuple[str, str], Table]:
    """The tables about persons that all sources of one town deliver, by source and table."""
    world = make_world(persons, 1000 + number, "usual")
    world = replace(world, people=_born_elsewhere(world.people, number))
    life, banca = core_life(world), core_banca(world)
    cores = {"core_life": life, "core_banca": banca}
    agency, broker, bank = desks.agency(world, life), desks.brokers(world, life), desks.bank_desk(world, banca)
    sources = {
        "core_life": life,
        "core_banca": banca,
        "channel_individual": agency,
        "channel_broker": broker,
        "channel_banca": bank,
    }
    named = pl.concat([d.records.with_columns(pl.lit(s).alias("system")) for s, d in sources.items()], how="diagonal_relaxed")
    told = {**sources, "crm": crm(world, named, cores)} | {a: wechat.account(world, a, cores) for a in wechat.ACCOUNTS}
    wanted = {"client", "policy_party", "cust", "poly", "agents", "prospects", "customers", "referrals", "followers", "bindings"}
    wanted |= {"activities", "cards", "surveys", "complaints", "customer_tags", "consents"}
    tables = {(source, name.lower()): table for source, desk in told.items() for name, table in desk.tables.items()}
    return {place: table for place, table in tables.items() if place[1] in wanted}


def _born_elsewhere(people: pl.DataFrame, number: int) -> pl.DataFrame:
    """ID numbers of regions that no other town has: the sample counts them by birthday, the same way in every town."""
    is_resident = pl.col("id_type") == "ID"
    digits = pl.when(is_resident).then(pl.col("id_number").str.slice(0, 17))
    region = (digits.str.slice(0, 6).cast(pl.Int64) + 7919 * number) % 900_000 + 100_000
    first_17 = region.cast(pl.String) + digits.str.slice(6, 11)
    return people.with_columns(
        pl.when(is_resident).then(first_17 + check_digit(first_17)).otherwise("id_number").alias("id_number")
    )


def texts(table: contract.Contract, rows: pl.DataFrame, number: int) -> pl.DataFrame:
    """Rows as a reader hands them on: every column of the contract as text, ids made this town's own."""
    mark = f"T{number}."
    rows = rows.with_columns(pl.concat_str(pl.lit(mark), pl.col(name)).alias(name) for name in _IDS if name in rows.columns)
    if "line" in rows.columns:
        marked = pl.col("line").str.replace_all(_JSON_IDS, "${1}" + mark)
        fields = [marked.str.json_path_match(f"$.{column.name}").alias(column.name) for column in table.columns]
    else:
        rows = rows.rename({"record": "source_record_id"}, strict=False)
        if "birth" in rows.columns:
            rows = rows.with_columns(iso("birth").alias("birth_date"))
        if "_gone" in rows.columns:
            rows = rows.with_columns(pl.when("_gone").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("is_deleted"))
        given = {c.name: next((h for h in (*c.headers, c.name) if h in rows.columns), None) for c in table.columns}
        fields = [(pl.col(h).cast(pl.String) if h else pl.lit(None, pl.String)).alias(name) for name, h in given.items()]
    line = pl.int_range(pl.len(), dtype=pl.Int64) + 2
    extra = [line.alias("_line"), pl.lit("").alias("_raw"), pl.lit("").alias("_faults"), pl.lit(True).alias("_readable")]
    return rows.select(*fields, *extra)


def deliver(settings: Settings, number: int) -> dict[tuple[str, date], list[dict[str, object]]]:
    """Write one town's rows into the lake; returns the files of each delivery, for its commit record."""
    files: dict[tuple[str, date], list[dict[str, object]]] = {}
    for (source, name), table in town(number).items():
        form = next(c for c in contract.of_source(source) if c.table == name)
        for when, rows in ((FULL, table.changed(_LONG_AGO, _day(FULL))), (DELTA, table.changed(_day(FULL), _day(DELTA)))):
            path = f"data/{source}/{name}/{when}__{number}.parquet"
            (settings.lake_dir / path).parent.mkdir(parents=True, exist_ok=True)
            count = _write(texts(form, rows, number), form, source, when, number, settings.lake_dir / path)
            entry = {"name": f"{name}-{number}", "table": name, "sha256": "", "rows_read": count, "rows_loaded": count}
            entry |= {"rows_quarantined": 0, "sums": {}, "data": path, "quarantine": None, "is_full": when == FULL}
            files.setdefault((source, when), []).append(entry)
    return files


def _day(when: date) -> int:
    return day(when.isoformat())


def _write(rows: pl.DataFrame, form: contract.Contract, source: str, when: date, number: int, path: Path) -> int:
    with duckdb.connect() as connection:
        connection.register("texts", rows.to_arrow())
        columns = ", ".join(f'"{column.name}"' for column in form.columns)
        lineage = (
            f"'{source}' as _source_system, date '{when}' as _business_date, 1 as _revision, '{number}' as _file_name, "
            f"_line, _key, '{source}' as _scope, {when == FULL} as _is_full"
        )
        checked = f"select {columns}, {lineage} from ({check_query(form)}) where _faults = ''"
        done = connection.execute(f"copy ({checked}) to '{path}' (format parquet, compression zstd)").fetchone()
        assert done is not None
        return int(done[0])


def make_lake(settings: Settings, records: int) -> None:
    """As many towns as it takes to have that many person records (a town has about 140,000)."""
    if (settings.lake_dir / "commits").exists():
        return
    known, number = 0, 0
    deliveries: dict[tuple[str, date], list[dict[str, object]]] = {}
    while known < records:
        for place, files in deliver(settings, number).items():
            deliveries.setdefault(place, []).extend(files)
        number, known = number + 1, known + 141_000
    for (source, when), files in deliveries.items():
        record = {"source": source, "business_date": f"{when}", "revision": 1, "folder": f"{when}", "mode": "full"}
        record |= {"status": lake.ACCEPTED, "reason": None, "warnings": [], "fingerprint": f"{number}", "stamp": ""}
        lake.write_commit(settings, f"{when}", record | {"files": files, "loaded_at": f"{when}T08:00:00+08:00"})


def run_dbt(settings: Settings, target: Path, *selection: str) -> Cost:
    """One dbt process, as a build starts it."""
    tests = ["--indirect-selection", "buildable", "--exclude-resource-type", "unit_test", "seed"]
    command = build.dbt_command(["build", "--select", *selection, *tests])
    log = settings.build_dir / "scale.log"
    start = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(command, env=build.dbt_environment(settings, target), stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        raise SystemExit(log.read_text()[-3000:])
    results = json.loads((build.dbt_target(settings) / "run_results.json").read_text())["results"]
    models = {r["unique_id"].split("__")[-1]: r["execution_time"] for r in results if r["unique_id"].startswith("model.")}
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20, models)


def measure(home: Path, records: int, is_verbose: bool) -> tuple[int, Cost]:
    """Build identity on a lake of that many records; returns how many there were and what it cost."""
    settings = get_settings().model_copy(update={"home": home, "key_file": home / "secrets" / "pseudonym.key"})
    make_lake(settings, records)
    plan = build.plan_build(settings)
    target = build.start_build(settings, plan)
    before = run_dbt(settings, target, "path:seeds", "path:models/staging")
    cost = run_dbt(settings, target, "path:models/identity")
    with duckdb.connect(str(target), read_only=True) as connection:
        counts = [
            connection.execute(f"select count({what}) from identity.int_identity__{table}").fetchone()
            for what, table in (("*", "standard_record"), ("*", "pair"), ("distinct customer_id", "customer_record"))
        ]
    found, pairs, customers = (int(count[0]) if count else 0 for count in counts)
    print(
        f"{found:>10,} records {pairs:>10,} pairs {customers:>9,} customers | staging {before.seconds:5.1f} s"
        f" | identity {cost.seconds:6.1f} s ({cost.cpu_seconds:6.1f} CPU s) {cost.peak_gib:4.2f} GiB"
        f" | {cost.seconds / found * 1e6:5.1f} s per million",
        flush=True,
    )
    if is_verbose:
        for model, seconds in sorted(cost.models.items(), key=lambda item: -item[1]):
            print(f"    {seconds:7.2f} {model}")
    return found, cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="+", type=int)
    parser.add_argument("--keep", type=Path, help="folder that keeps lakes and builds")
    parser.add_argument("--models", action="store_true", help="also print each model's seconds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        last: tuple[int, Cost] | None = None
        for records in given.records:
            count, cost = measure((given.keep or Path(scratch)) / str(records), records, given.models)
            if last is not None:
                growth = (cost.seconds / count) / (last[1].seconds / last[0])
                by_cpu = (cost.cpu_seconds / count) / (last[1].cpu_seconds / last[0])
                print(f"           a record costs {growth:.2f} times as much as at {last[0]:,} ({by_cpu:.2f} by CPU)")
            last = count, cost


if __name__ == "__main__":
    main()
