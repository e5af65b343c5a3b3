"""Last month's end: computed once for what is known of it, and again when that changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from warehouse import build, lake
from warehouse.duck import connect
from warehouse.settings import Settings, get_settings


def deliver(settings: Settings, day: str, content: str) -> None:
    record = {
        "source": "core_life",
        "business_date": day,
        "revision": 1,
        "folder": day,
        "mode": "full",
        "warnings": [],
        "stamp": "",
    }
    record |= {"status": lake.ACCEPTED, "reason": None, "warnings": [], "fingerprint": content, "files": []}
    lake.write_commit(settings, day, record | {"loaded_at": f"{day}T08:00:00+08:00"})


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The dates that dbt was asked to compute; it leaves one row of each table and a record that must not stay."""
    dates: list[date] = []

    def dbt(settings: Settings, target: Path, arguments: list[str]) -> None:
        with connect(target, settings) as connection:
            dates.append(connection.execute("select as_of from lake.build_info").fetchone()[0])
            connection.execute("create schema mart; create schema staging; create table staging.person as select '张三' as name")
            for model in build.PREVIOUS_MODELS:
                connection.execute(f"create table mart.{model} as select {len(dates)} as computation")

    monkeypatch.setattr(build, "_dbt", dbt)
    return dates


def run(settings: Settings, day: str) -> int:
    """Start a build of a day; which computation of the month before it compares with."""
    plan = build.plan_build(settings, date.fromisoformat(day))
    build.build_previous(settings, plan)
    target = build.start_build(settings, plan)
    with duckdb.connect(str(target), read_only=True) as connection:
        return connection.execute("select computation from lake.previous_customer_tier").fetchone()[0]


def test_days_of_a_month_share_the_month_before_until_it_changes(tmp_path: Path, computed: list[date]) -> None:
    settings = get_settings(home=tmp_path)
    for day in ("2026-01-31", "2026-02-14", "2026-02-28"):
        deliver(settings, day, "first")
    assert [run(settings, "2026-02-14"), run(settings, "2026-02-28"), run(settings, "2026-02-28")] == [1, 1, 1]
    deliver(settings, "2026-01-31", "corrected")
    assert run(settings, "2026-02-28") == 2
    assert computed == [date(2026, 1, 31)] * 2


def test_another_key_computes_anew_since_customer_ids_are_others(tmp_path: Path, computed: list[date]) -> None:
    deliver(get_settings(home=tmp_path), "2026-01-31", "first")
    deliver(get_settings(home=tmp_path), "2026-02-28", "first")
    for key in ("one", "two"):
        (tmp_path / key).write_text(key * 20)
    assert [run(get_settings(home=tmp_path, key_file=tmp_path / key), "2026-02-28") for key in ("one", "two")] == [1, 2]
    assert len(computed) == 2


def test_only_what_is_compared_with_stays_on_disk(tmp_path: Path, computed: list[date]) -> None:
    settings = get_settings(home=tmp_path)
    deliver(settings, "2026-01-31", "first")
    deliver(settings, "2026-02-28", "first")
    run(settings, "2026-02-28")
    deliver(settings, "2026-01-31", "erased somebody")
    run(settings, "2026-02-28")
    (kept,) = settings.build_dir.glob("previous-*")
    with duckdb.connect(str(kept), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables == set(build.PREVIOUS_MODELS)
