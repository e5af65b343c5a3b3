"""The sample deliveries against their known truth: what is refused, what is quarantined, every count and sum."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import duckdb
import pytest

from ingest import run
from warehouse import lake
from warehouse.settings import PROJECT_ROOT, Settings, get_settings

SHARED = Path(os.environ.get("GLIFE_SHARED", PROJECT_ROOT.parent / "shared"))
TRUTH = SHARED / "deliveries_truth"
pytestmark = pytest.mark.skipif(not TRUTH.is_dir(), reason=f"no sample deliveries at {SHARED} (GLIFE_SHARED)")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = get_settings(home=tmp_path_factory.mktemp("home"), landing=SHARED / "deliveries", quiet_seconds=0)
    run.ingest_all(settings)
    return settings


def truth_rows(name: str) -> list[dict[str, str]]:
    with (TRUTH / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_exactly_the_bad_deliveries_are_refused_or_incomplete(loaded: Settings) -> None:
    expected = {
        (row["source"], row["folder"]): "INCOMPLETE" if row["expected"].startswith("not yet") else "REJECTED"
        for row in truth_rows("bad_deliveries.csv")
        if not row["expected"].startswith("loaded")
    }
    found = {(r["source"], r["folder"]): r["status"] for r in lake.commits(loaded) if r["status"] != lake.ACCEPTED}
    assert found == expected


def test_exactly_the_bad_rows_are_quarantined(loaded: Settings) -> None:
    expected = {(r["source"], r["folder"], r["file"], int(r["line_number"])) for r in truth_rows("bad_rows.csv")}
    found = set()
    for record in lake.commits(loaded):
        for file in record["files"]:
            if file["quarantine"]:
                path = loaded.lake_dir / file["quarantine"]
                lines = duckdb.execute("select line_number from read_parquet(?)", [str(path)]).fetchall()
                found |= {(record["source"], record["folder"], file["name"], line) for (line,) in lines}
    assert found == expected


def test_counts_and_sums_equal_the_truth_to_the_fen(loaded: Settings) -> None:
    accepted = {(r["folder"], r["source"]): r for r in lake.commits(loaded) if r["status"] == lake.ACCEPTED}
    compared = 0
    for folder, sources in json.loads((TRUTH / "totals.json").read_text())["deliveries"].items():
        for source, truth in sources.items():
            if truth["status"] not in ("loaded", "replaced"):
                continue
            files = {file["name"]: file for file in accepted[folder, source]["files"]}
            assert set(files) == set(truth["files"])
            for name, wanted in truth["files"].items():
                file = files[name]
                rows = (file["rows_read"], file["rows_loaded"], file["rows_quarantined"])
                assert rows == (wanted["rows"], wanted["loaded"], wanted["bad"]), (folder, source, name)
                for column, amounts in wanted["sums"].items():
                    found = file["sums"][column]
                    amounts_found = (found["delivered"], found["loaded"], found["quarantined"])
                    assert amounts_found == (amounts["all"], amounts["loaded"], amounts["bad"]), (folder, source, name)
                compared += 1
    assert compared > 100


def test_a_second_run_changes_nothing(loaded: Settings) -> None:
    before = lake.snapshot(loaded).fingerprint
    assert not [r for r in run.ingest_all(loaded) if r.is_new]
    assert lake.snapshot(loaded).fingerprint == before


def test_every_table_can_be_read_through_the_lake_schema(loaded: Settings) -> None:
    con = duckdb.connect()
    lake.attach(con, lake.snapshot(loaded))
    tables = [n for (n,) in con.execute("select table_name from information_schema.tables").fetchall()]
    assert {"core_life__client", "acks__ack", "quarantine", "load", "full_load", "build_info"} <= set(tables)
    for table in tables:
        con.execute(f'from lake."{table}"').fetchall()
