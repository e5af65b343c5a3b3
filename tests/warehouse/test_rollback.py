"""Going back to an earlier generation: what readers see, and what later runs make of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from published_steps import write_steps

from warehouse import publications, publish
from warehouse.build import BuildPlan
from warehouse.errors import GlifeError
from warehouse.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path)


def show(settings: Settings, name: str, as_of: str) -> publish.Generation:
    """Publish a generation that lies whole on disk, as a run does that finds it there."""
    plan = BuildPlan(name, date.fromisoformat(as_of), None, "c", "p", "l", publications.next_sequence(settings) - 1)
    folder = publish.generation_folder(settings, name)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "restricted.duckdb").exists():
        write_steps(folder / "restricted.duckdb", settings)
    number = len(list(settings.generations_dir.iterdir()))
    (folder / "generation.json").write_text(json.dumps({**plan.as_json(), "published_at": f"2026-01-01T00:00:{number:02}"}))
    return publish.publish(settings, plan)


def test_readers_see_the_generation_before_and_a_run_does_not_bring_the_bad_one_back(settings: Settings) -> None:
    show(settings, "good", "2026-01-31")
    show(settings, "back-fill", "2025-12-31")
    show(settings, "bad", "2026-02-28")
    assert publish.rollback(settings, None, "Li", "wrong premiums").generation_id == "good"
    assert not show(settings, "bad", "2026-02-28").is_current
    assert settings.current.resolve().name == "good"
    assert show(settings, "corrected", "2026-02-28").is_current
    log = (settings.log_dir / "runs.jsonl").read_text()
    assert all(word in log for word in ("rolled_back", "Li", "wrong premiums"))


def test_a_rollback_can_be_taken_back(settings: Settings) -> None:
    show(settings, "one", "2026-01-31")
    show(settings, "two", "2026-02-28")
    publish.rollback(settings, None, "Li", "looked wrong")
    publish.rollback(settings, "two", "Li", "it was right")
    assert settings.current.resolve().name == "two"
    assert show(settings, "two", "2026-02-28").is_current


@pytest.mark.parametrize("wanted", [None, "one", "nowhere"])
def test_without_an_earlier_generation_nothing_changes(settings: Settings, wanted: str | None) -> None:
    show(settings, "one", "2026-01-31")
    with pytest.raises(GlifeError, match="no such generation"):
        publish.rollback(settings, wanted, "Li", "x")
    assert settings.current.resolve().name == "one"
