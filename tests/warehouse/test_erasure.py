"""``glife erase``: what was made before an erasure goes, what readers and recipients need stays."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from published_steps import write_steps

from exports.erasure import Removed, erase
from warehouse import publications, publish
from warehouse.build import BuildPlan
from warehouse.errors import GlifeError
from warehouse.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path)


def publish_generation(settings: Settings, name: str, records: list[str], erased: list[str]) -> None:
    """A generation with these records of core_life, published as a run does that finds it on disk."""
    plan = BuildPlan(name, date(2026, 1, 31), None, "c", "p", "l", publications.next_sequence(settings) - 1)
    folder = publish.generation_folder(settings, name)
    folder.mkdir(parents=True)
    write_steps(folder / "restricted.duckdb", settings)
    with duckdb.connect(str(folder / "restricted.duckdb")) as connection:
        connection.execute("create schema if not exists identity; create schema if not exists mart")
        connection.execute(
            "create or replace table mart.customer_source as "
            "select 'core_life' as source_system, unnest(?::varchar[]) as source_record_id",
            [records],
        )
        connection.execute(
            "create or replace table identity.int_identity__erased_record as "
            "select 'core_life:' || unnest(?::varchar[]) as record_key",
            [erased],
        )
    number = len(list(settings.generations_dir.iterdir()))
    (folder / "generation.json").write_text(json.dumps({**plan.as_json(), "published_at": f"2026-01-01T00:00:{number:02}"}))
    publish.publish(settings, plan)


def package(settings: Settings, recipient: str, name: str, generation: str, sequence: int) -> Path:
    folder = settings.outbox / "individual" / recipient / name
    folder.mkdir(parents=True)
    told = {"package_id": name, "recipient": recipient, "generation_id": generation, "sequence": sequence}
    (folder / "manifest.json").write_text(json.dumps(told))
    for file in ("tier_list.csv", "_READY"):
        (folder / file).write_text("")
    return folder


def test_what_was_made_before_an_erasure_goes_and_nothing_else(settings: Settings) -> None:
    publish_generation(settings, "unconcerned", ["C9"], [])
    publish_generation(settings, "before", ["C1", "C9"], [])
    publish_generation(settings, "after", ["C9"], ["C1"])
    settings.build_dir.mkdir(parents=True, exist_ok=True)
    (settings.build_dir / "previous-1.duckdb").touch()
    replaced, newest, only = (
        package(settings, "86110000", "p1", "before", 1),
        package(settings, "86110000", "p2", "after", 2),
        package(settings, "86120000", "p3", "before", 1),
    )
    assert erase(settings, "Li", "request 7") == Removed(["before"], ["p1"], ["p3"])
    assert {path.name for path in publish.kept(settings)} == {"unconcerned", "after"}
    assert settings.current.resolve().name == "after"
    assert not list(settings.build_dir.glob("*.duckdb"))
    assert {path.name for path in replaced.iterdir()} == {"manifest.json", "_READY"}
    assert all((folder / "tier_list.csv").exists() for folder in (newest, only))
    assert "request 7" in (settings.log_dir / "runs.jsonl").read_text()
    assert erase(settings, "Li", "again") == Removed([], [], ["p3"])


def test_without_erasures_nothing_goes(settings: Settings) -> None:
    publish_generation(settings, "one", ["C1"], [])
    publish_generation(settings, "two", ["C1"], [])
    package(settings, "86110000", "p1", "one", 1)
    package(settings, "86110000", "p2", "two", 2)
    assert erase(settings, "Li", "a look") == Removed([], [], [])


def test_before_the_first_publish_there_is_nothing_to_erase(settings: Settings) -> None:
    with pytest.raises(GlifeError, match="nothing has been published"):
        erase(settings, "Li", "x")
