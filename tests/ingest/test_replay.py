"""``glife quarantine replay``: rows that broke a contract which was wrong load once it is mended; nothing else changes."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ingest import run
from ingest.replay import Replay, replay
from warehouse import contract, lake, runlog
from warehouse.errors import GlifeError
from warehouse.settings import Settings, get_settings

HEADER = "decision_id,action,system_a,record_a,system_b,record_b,reason,decided_by,decided_at\n"
ROWS = "D1,LINK,s,r,s,q,ok,me,2026-01-31T15:30:00\nD2,MERGE,s,r,s,p,ok,me,2026-01-31T15:30:00\nD3,LINK,s,r,s,p,ok,me,yesterday\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lake with one row of a code that the contract lacks, and one whose time is none."""
    mine = tmp_path / "contracts"
    shutil.copytree(contract.CONTRACTS_DIR, mine)
    monkeypatch.setattr(contract, "CONTRACTS_DIR", mine)
    contract.contracts.cache_clear()
    settings = get_settings(home=tmp_path / "home", landing=tmp_path / "landing", quiet_seconds=0)
    file = settings.landing / "stewardship" / "2026-01-31" / "decisions.csv"
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + ROWS)
    run.ingest_all(settings)
    yield settings
    monkeypatch.undo()
    contract.contracts.cache_clear()


def mend_the_contract() -> None:
    path = contract.CONTRACTS_DIR / "stewardship" / "decisions.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{value: LINK}", "{value: LINK}, {value: MERGE}"), encoding="utf-8")
    contract.contracts.cache_clear()


def decisions(settings: Settings, known_at: datetime | None = None) -> list[str]:
    snapshot = lake.snapshot(settings, date(2026, 1, 31), known_at)
    with duckdb.connect() as connection:
        lake.attach(connection, snapshot)
        assert connection.execute("select count(*) from lake.load").fetchone() == (1,)
        return [key for (key,) in connection.execute("select decision_id from lake.stewardship__decisions order by 1").fetchall()]


def test_rows_load_once_the_contract_is_mended_and_what_was_known_before_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    then, before = runlog.now(), lake.snapshot(settings, date(2026, 1, 31)).fingerprint
    assert replay(settings) == [Replay("stewardship", "2026-01-31", 0, 2, "its rows break the contracts of today too")]
    assert (decisions(settings), lake.snapshot(settings, date(2026, 1, 31)).fingerprint) == (["D1"], before)

    mend_the_contract()
    monkeypatch.setattr(runlog, "now", lambda: then + timedelta(hours=1))
    assert replay(settings, "stewardship") == [Replay("stewardship", "2026-01-31", 1, 1, None)]
    assert decisions(settings) == ["D1", "D2"]
    assert decisions(settings, known_at=then) == ["D1"]
    assert lake.snapshot(settings, date(2026, 1, 31)).fingerprint != before
    assert [result.is_new for result in run.ingest_all(settings)] == [False]
    assert [replayed.loaded for replayed in replay(settings)] == [0]
    assert decisions(settings) == ["D1", "D2"]
    assert "replayed" in (settings.log_dir / "runs.jsonl").read_text()


def test_a_delivery_that_left_or_changed_is_named_with_what_to_do(settings: Settings) -> None:
    mend_the_contract()
    file = settings.landing / "stewardship" / "2026-01-31" / "decisions.csv"
    file.write_text(HEADER)
    (changed,) = replay(settings)
    assert changed.loaded == 0 and "changed after they were accepted; deliver them as .r2" in (changed.reason or "")
    shutil.rmtree(file.parent)
    (gone,) = replay(settings)
    assert gone.loaded == 0 and "not in the landing folder any more" in (gone.reason or "")
    assert decisions(settings) == ["D1"]


def test_an_unknown_source_is_refused(settings: Settings) -> None:
    with pytest.raises(GlifeError, match="no source of this name"):
        replay(settings, "stewards")
