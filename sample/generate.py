"""Writes sample deliveries of every source with their known truth (`glife sample`)."""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sample import deliveries, desks, faults, wechat
from sample.chance import NEVER
from sample.cores import core_banca, core_life
from sample.crm import crm, stewardship
from sample.deliveries import Delivery, Landing
from sample.describe import LEVELS
from sample.people import LAST_DAY
from sample.world import make_world
from warehouse.errors import GlifeError

DEFAULT_SEED = 20260131
LEAST_PERSONS = 100


@dataclass(frozen=True)
class SampleReport:
    """What was written and where."""

    landing: Path
    truth: Path
    persons: int
    records: int
    deliveries: int
    files: int
    rows: int


def write_sample(persons: int, out: Path, seed: int = DEFAULT_SEED, noise: str = "usual") -> SampleReport:
    """Writes deliveries of `persons` people below `out` and the truth beside it, in `<out>_truth`.

    The same arguments give the same bytes. `noise` is `usual` or `heavy`.
    """
    out = Path(out)
    if persons < LEAST_PERSONS:
        raise GlifeError(
            f"a sample needs at least {LEAST_PERSONS} persons, not {persons}",
            where="--persons",
            remedy="ask for more persons",
        )
    if noise not in LEVELS:
        raise GlifeError(f"unknown noise level {noise}", where="--noise", remedy=f"use one of {', '.join(LEVELS)}")
    if out.exists() and any(out.iterdir()):
        raise GlifeError("the folder for the sample is not empty", where=str(out), remedy="name a new or empty folder")
    world = make_world(persons, seed, noise)
    life, banca = core_life(world), core_banca(world)
    cores = {"core_life": life, "core_banca": banca}
    agency, broker, bank = desks.agency(world, life), desks.brokers(world, life), desks.bank_desk(world, banca)
    accounts = {name: wechat.account(world, name, cores) for name in wechat.ACCOUNTS}
    sources = {
        "core_life": life.records,
        "core_banca": banca.records,
        "channel_individual": agency.records,
        "channel_broker": broker.records,
        "channel_banca": bank.records,
    }
    named = pl.concat([r.with_columns(pl.lit(s).alias("system")) for s, r in sources.items()], how="diagonal_relaxed")
    decisions, erased = stewardship(world, named)
    notes = crm(world, named, cores)

    extra = faults.MORE_DELIVERY_FAULTS if noise == "heavy" else {}
    landing = Landing(out, seed, faults.ROW_FAULTS, faults.DELIVERY_FAULTS | extra)
    done = landing.deliver("core_life", life.tables, deliveries.write_core_life)
    done += landing.deliver("core_banca", banca.tables, deliveries.write_core_banca)
    done += landing.deliver("channel_individual", agency.tables, deliveries.write_agency)
    done += landing.deliver("channel_broker", broker.tables, deliveries.BrokerWriter(world.company, life.policies))
    done += landing.deliver("channel_banca", bank.tables, deliveries.write_bank_desk)
    for name, desk in accounts.items():
        done += landing.deliver(name, desk.tables, deliveries.write_json_lines)
    done += landing.deliver("crm", notes.tables, deliveries.write_json_lines)
    done += landing.deliver("stewardship", decisions, deliveries.write_stewardship)
    (out / "acks").mkdir()

    records = [
        named,
        *(d.records.with_columns(pl.lit(n).alias("system")) for n, d in accounts.items()),
        notes.records.with_columns(pl.lit("crm").alias("system")),
    ]
    truth = out.parent / f"{out.name}_truth"
    people_records = person_of(pl.concat(records, how="diagonal_relaxed"), erased)
    counts = {
        "persons": persons,
        "policies": world.policies.policies.height,
        "instalments": world.policies.instalments.height,
    }
    write_truth(truth, people_records, done, {**counts, "noise": noise, "seed": seed})
    files = [f for d in done for f in d.files]
    return SampleReport(out, truth, persons, people_records.height, len(done), len(files), sum(f.rows for f in files))


def person_of(records: pl.DataFrame, erased: dict[int, int]) -> pl.DataFrame:
    """Who is behind each source record, and which records end and why."""
    erasure = pl.col("person").replace_strict(erased, default=NEVER, return_dtype=pl.Int64) if erased else pl.lit(NEVER)
    why = {"core_life": "deleted", "channel_individual": "left the full list"}
    gone = pl.min_horizontal("gone", erasure)
    return (
        records.with_columns(erasure.alias("erasure"))
        .select(
            pl.col("system").alias("source_system"),
            pl.col("record").alias("source_record_id"),
            pl.format("H{}", pl.col("person").cast(pl.String).str.zfill(8)).alias("person_id"),
            pl.when(gone < NEVER).then(gone).cast(pl.Int32).cast(pl.Date).alias("gone_on"),
            pl.when(pl.col("erasure") < NEVER)
            .then(pl.lit("erased"))
            .when(pl.col("gone") < NEVER)
            .then(pl.col("system").replace_strict(why, default=None, return_dtype=pl.String))
            .alias("gone_why"),
            pl.col("linkable").cast(pl.Int8),
            pl.col("since"),
        )
        .filter(pl.col("since") <= LAST_DAY)
        .drop("since")
    )


def write_truth(truth: Path, records: pl.DataFrame, done: list[Delivery], counts: dict[str, object]) -> None:
    """person_of.csv, bad_rows.csv, bad_deliveries.csv and totals.json."""
    truth.mkdir(parents=True, exist_ok=True)
    records.write_csv(truth / "person_of.csv")
    rows = [(d.source, d.date, d.folder, f.name, line, record, why) for d in done for f in d.files for line, record, why in f.bad]
    columns = ["source", "business_date", "folder", "file", "line_number", "record_number", "why"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(truth / "bad_rows.csv")
    expected = {
        "rejected": "rejected whole",
        "not complete": "not yet complete: not read",
        "replaced": "loaded, then replaced whole by .r2",
    }
    refused = [
        (d.source, d.date, d.folder, d.fault, d.fault_file, expected[d.status], "holds rows that must not be loaded")
        for d in done
        if d.fault
    ]
    columns = ["source", "business_date", "folder", "fault", "file", "expected", "remark"]
    pl.DataFrame(refused, schema=columns, orient="row").write_csv(truth / "bad_deliveries.csv")
    body: dict[str, dict[str, object]] = {}
    for d in done:
        files = {f.name: {"rows": f.rows, "loaded": f.rows - len(f.bad), "bad": len(f.bad), "sums": f.sums} for f in d.files}
        body.setdefault(d.folder, {})[d.source] = {"status": d.status, "mode": d.mode, "files": files}
    by_system = dict(records.group_by("source_system").len().sort("source_system").iter_rows())
    totals = {"counts": {**counts, "person_records": records.height, "by_system": by_system}, "deliveries": body}
    (truth / "totals.json").write_text(json.dumps(totals, ensure_ascii=False, indent=1), encoding="utf-8")
