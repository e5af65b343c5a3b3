"""The whole job through the command line, as its users run it: sample deliveries in, generation and lists out."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from warehouse.versions import DBT_PROJECT

GLIFE = str(Path(sys.executable).with_name("glife"))


def glife(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a HOME of its own."""
    own: Mapping[str, str] = {
        "GLIFE_HOME": str(home),
        "HOME": str(home.parent),
        "GLIFE_QUIET_SECONDS": "0",
        **environment,
    }
    return subprocess.run(
        [GLIFE, *arguments], env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=600
    )


def fingerprints(home: Path) -> dict[str, int]:
    """Every published and sent file with its inode and time: any rewriting would show."""
    folders = [home / "generations", home / "outbox", home / "lake"]
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GLIFE_HOME after one run on the deliveries of 300 persons."""
    folder = tmp_path_factory.mktemp("user") / "glife"
    made = glife(folder, "sample", "--persons", "300", "--out", str(folder / "landing"))
    assert made.returncode == 0, made.stderr
    first = glife(folder, "run")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "published" in first.stdout
    return folder


def test_run_publishes_both_files_and_lists_for_every_channel(home: Path) -> None:
    assert (home / "current").is_symlink()
    assert {path.name for path in (home / "current").glob("*.duckdb")} == {"analyst.duckdb", "restricted.duckdb"}
    channels = {manifest.parts[-4] for manifest in (home / "outbox").glob("*/*/*/manifest.json")}
    assert channels == {"individual", "broker", "banca", "wechat", "crm"}
    assert not (home.parent / "airflow").exists()


def test_second_run_changes_nothing(home: Path) -> None:
    before, target = fingerprints(home), (home / "current").readlink()
    again = glife(home, "run")
    assert again.returncode == 0, again.stderr
    assert (home / "current").readlink() == target
    assert fingerprints(home) == before


def test_back_fill_makes_a_generation_beside_the_current_one(home: Path) -> None:
    target, sent = (home / "current").readlink(), sorted((home / "outbox").rglob("_READY"))
    dates = sorted(path.name for path in (home / "landing" / "core_life").iterdir() if "." not in path.name)
    past = glife(home, "run", "--as-of", dates[-2])
    assert past.returncode == 0, past.stderr
    assert (home / "current").readlink() == target
    assert sorted((home / "outbox").rglob("_READY")) == sent
    generations = [json.loads(path.read_text())["as_of"] for path in (home / "generations").glob("*/generation.json")]
    assert sorted(generations) == sorted({dates[-2], generations[-1], *generations})
    assert dates[-2] in generations


def test_generation_beside_is_read_by_its_id_and_is_no_publication(home: Path) -> None:
    dates = sorted(path.name for path in (home / "landing" / "core_life").iterdir() if "." not in path.name)
    assert glife(home, "run", "--as-of", dates[-2]).returncode == 0
    said = glife(home, "query", "select as_of from generation", "--generation", dates[-2].replace("-", ""), "--format", "json")
    assert json.loads(said.stdout)["as_of"] == dates[-2]
    unknown = glife(home, "query", "select 1", "--generation", "19990101")
    assert unknown.returncode == 1 and "there is no generation 19990101" in unknown.stderr
    assert len(list((home / "lake" / "publications").glob("[0-9]*"))) == 1


def test_rehearsal_says_who_would_change_and_publishes_nothing(home: Path, tmp_path: Path) -> None:
    """Each premium yuan that earned a point in a hundred earns one in ten: levels rise, and nobody's falls."""
    rules = (DBT_PROJECT / "seeds" / "parameters" / "points_rule.csv").read_text(encoding="utf-8")
    assert "PREMIUM,,100," in rules
    (tmp_path / "points_rule.csv").write_text(rules.replace("PREMIUM,,100,", "PREMIUM,,10,"), encoding="utf-8")
    before = fingerprints(home)
    tried = glife(home, "rehearse", "--parameters", str(tmp_path), "--out", str(tmp_path / "out"))
    assert tried.returncode == 0, tried.stderr
    assert "changed tables: points_rule" in tried.stdout and "nothing was published" in tried.stdout
    assert fingerprints(home) == before
    levels = ["普通", "银卡", "金卡", "铂金", "钻石"]
    with (tmp_path / "out" / "customer_vip.csv").open(encoding="utf-8") as file:
        changes = list(csv.DictReader(file))
    assert changes
    assert all(levels.index(row["vip_level_before"]) < levels.index(row["vip_level_after"]) for row in changes)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["customer_vip.csv"]


def test_wrong_parameter_table_is_refused_before_anything_is_built(home: Path, tmp_path: Path) -> None:
    bands = (DBT_PROJECT / "seeds" / "parameters" / "tier_band.csv").read_text(encoding="utf-8")
    (tmp_path / "tier_band.csv").write_text(bands.replace("c_ape,5000,10000", "c_ape,6000,10000"), encoding="utf-8")
    before = fingerprints(home)
    for command in ("build", "run"):
        refused = glife(home, command, GLIFE_PARAMETERS=str(tmp_path))
        assert refused.returncode == 1
        assert "tier_band.csv, row 4" in refused.stderr and "a gap" in refused.stderr and "Traceback" not in refused.stderr
    assert fingerprints(home) == before


def test_query_reads_the_current_generation_and_cannot_write_or_read_files(home: Path) -> None:
    counted = glife(home, "query", "select count(*) as customers from customer", "--format", "json")
    assert json.loads(counted.stdout)["customers"] > 0
    for sql in ("drop table mart.customer", "select * from read_text('/etc/hostname')", "copy customer to 'x.csv'"):
        refused = glife(home, "query", sql)
        assert refused.returncode == 1, sql
        assert "Traceback" not in refused.stderr


def test_analyst_file_has_no_direct_identifier(home: Path) -> None:
    with duckdb.connect(str(home / "current" / "restricted.duckdb"), read_only=True) as restricted:
        secrets = restricted.execute(
            "select id_number from mart.customer where length(id_number) = 18 union all "
            "select mobile from mart.customer where length(mobile) = 11"
        ).fetchall()
    assert len(secrets) > 100
    with duckdb.connect(str(home / "current" / "analyst.duckdb"), read_only=True) as analyst:
        columns = analyst.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database() "
            "and table_name != 'identity_placeholder'"  # the business's own list of numbers that are nobody's
        ).fetchall()
        for schema, table, column in columns:
            found = analyst.execute(
                f'select count(*) from "{schema}"."{table}" where "{column}"::varchar in (select unnest(?))',
                [[secret for (secret,) in secrets]],
            ).fetchone()
            assert found == (0,), f"{table}.{column}"


def test_status_tells_programs_everything(home: Path) -> None:
    status = json.loads(glife(home, "status", "--json").stdout)
    assert status["current"]["as_of"]
    assert {delivery["status"] for delivery in status["deliveries"]} >= {"ACCEPTED"}
    assert {package["channel"] for package in status["packages"]} == {"individual", "broker", "banca", "wechat", "crm"}
    assert status["gates"]


def test_landing_folder_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    refused = glife(tmp_path / "home", "run", GLIFE_LANDING=str(tmp_path / "nowhere"))
    assert refused.returncode == 1
    assert str(tmp_path / "nowhere") in refused.stderr and "Traceback" not in refused.stderr + refused.stdout


def test_full_disk_is_one_sentence_and_loses_nothing(home: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a full disk can only be made by who may mount one")
    try:
        refused = glife(small / "home", "ingest", GLIFE_LANDING=str(home / "landing"), GLIFE_KEY_FILE=str(tmp_path / "key"))
        assert refused.returncode == 1
        assert "the disk is full" in refused.stderr and "Traceback" not in refused.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)
    spacious = glife(tmp_path / "big", "ingest", GLIFE_LANDING=str(home / "landing"))
    assert spacious.returncode == 0, spacious.stderr


def test_killed_run_leaves_readers_the_old_generation(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy, symlinks=True)
    shutil.rmtree(copy / "airflow")
    target = (copy / "current").readlink()
    process = subprocess.Popen(
        [GLIFE, "build"],
        env={**os.environ, "GLIFE_HOME": str(copy)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=6)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert (copy / "current").readlink() == target
    assert glife(copy, "query", "select 1").returncode == 0
