"""Whole deliveries: taken once, whole or not at all, and what happens to revisions, crashes and a full disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from datetime import date
from pathlib import Path

import pytest

from ingest import load, run
from warehouse import lake
from warehouse.errors import GlifeError
from warehouse.settings import Settings, get_settings

HEADER = b"decision_id,action,system_a,record_a,system_b,record_b,reason,decided_by,decided_at\n"
ROW = b"D1,LINK,s,r,s,r,ok,me,2026-01-31T15:30:00\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path / "home", landing=tmp_path / "landing", quiet_seconds=0)


def drop(settings: Settings, folder: str, content: bytes = HEADER + ROW) -> Path:
    path = settings.landing / "stewardship" / folder / "decisions.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def deliver(settings: Settings, source: str, file: str, content: bytes, **stated: object) -> None:
    folder = settings.landing / source / "2026-01-31"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(content)
    entry = {"name": file, "rows": 1, "sha256": hashlib.sha256(content).hexdigest(), "sums": {}} | stated
    manifest = {"source": source, "business_date": "2026-01-31", "mode": "full", "files": [entry]}
    (folder / "_manifest.json").write_text(json.dumps(manifest))


def parquet_files(settings: Settings) -> list[Path]:
    return [path for path in settings.lake_dir.rglob("*") if path.is_file() and ".p" in path.name]


def test_the_same_delivery_is_taken_once_even_with_new_times(settings: Settings) -> None:
    path = drop(settings, "2026-01-31")
    assert [r.is_new for r in run.ingest_all(settings)] == [True]
    path.write_bytes(path.read_bytes())
    assert [r.is_new for r in run.ingest_all(settings)] == [False]


def test_a_changed_accepted_delivery_is_ignored_with_a_warning(settings: Settings) -> None:
    drop(settings, "2026-01-31")
    run.ingest_all(settings)
    drop(settings, "2026-01-31", HEADER + ROW + ROW)
    (result,) = run.ingest_all(settings)
    assert (result.status, result.rows_loaded, result.is_new) == ("ACCEPTED", 1, False)
    assert "deliver it as .r2" in result.warnings[-1]


def test_a_refused_revision_leaves_the_last_accepted_in_force_and_is_tried_again_when_it_changes(
    settings: Settings,
) -> None:
    drop(settings, "2026-01-31")
    drop(settings, "2026-01-31.r2", b"")
    assert [r.status for r in run.ingest_all(settings)] == ["ACCEPTED", "REJECTED"]
    assert [r["revision"] for r in lake.snapshot(settings, date(2026, 1, 31)).accepted] == [1]
    drop(settings, "2026-01-31.r2")
    assert [r.status for r in run.ingest_all(settings)] == ["ACCEPTED", "ACCEPTED"]
    assert [r["revision"] for r in lake.snapshot(settings, date(2026, 1, 31)).accepted] == [2]


def test_files_of_a_killed_ingest_are_removed_and_the_delivery_is_loaded(settings: Settings, monkeypatch) -> None:
    drop(settings, "2026-01-31")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lake, "write_commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        run.ingest_all(settings)
    assert len(parquet_files(settings)) == 1 and not lake.commits(settings)
    stray = parquet_files(settings)[0].with_name(".stray.parquet.part")
    stray.write_bytes(b"half")
    assert run.ingest_all(settings)[0].status == "ACCEPTED"
    assert not stray.exists() and len(parquet_files(settings)) == 1


def test_a_full_disk_is_one_sentence_and_leaves_nothing(settings: Settings, monkeypatch) -> None:
    drop(settings, "2026-01-31")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(load.Draft, "write", full)
    with pytest.raises(GlifeError, match="disk is full"):
        run.ingest_all(settings)
    assert not parquet_files(settings) and not lake.commits(settings)


def test_people_must_leave_files_alone_for_a_while(settings: Settings) -> None:
    drop(settings, "2026-01-31")
    patient = settings.model_copy(update={"quiet_seconds": 60})
    assert run.ingest_all(patient)[0].status == "INCOMPLETE"


def test_files_of_a_clock_that_is_ahead_are_taken_once_they_were_seen_unchanged(settings: Settings, monkeypatch) -> None:
    path, ahead = drop(settings, "2026-01-31"), time.time() + 3600
    os.utime(path, (ahead, ahead))
    patient = settings.model_copy(update={"quiet_seconds": 60})
    assert run.ingest_all(patient)[0].status == "INCOMPLETE"
    assert run.ingest_all(patient)[0].status == "INCOMPLETE"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert run.ingest_all(patient)[0].status == "ACCEPTED"


def test_a_file_that_will_get_another_name_is_awaited_too(settings: Settings) -> None:
    path = drop(settings, "2026-01-31")
    os.utime(path, (0, 0))
    path.with_name("erasures.csv.part").write_bytes(b"half")
    patient = settings.model_copy(update={"quiet_seconds": 60})
    assert run.ingest_all(patient)[0].status == "INCOMPLETE"


def test_a_file_that_cannot_be_read_is_one_deliverys_trouble_and_is_tried_again(settings: Settings) -> None:
    drop(settings, "2026-01-31")
    dangling = drop(settings, "2026-02-28").with_name("erasures.csv")
    dangling.symlink_to(settings.home / "nowhere")
    good, bad = run.ingest_all(settings)
    assert (good.status, bad.status) == ("ACCEPTED", "INCOMPLETE") and "erasures.csv cannot be read" in (bad.reason or "")
    dangling.unlink()
    assert [r.status for r in run.ingest_all(settings)] == ["ACCEPTED", "ACCEPTED"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_sources_folder_that_cannot_be_read_does_not_keep_the_others_out(settings: Settings) -> None:
    folder = drop(settings, "2026-01-31").parent.parent
    folder.chmod(0)
    try:
        assert run.discover(settings) == []
        with pytest.raises(GlifeError, match="cannot be read"):
            run.ingest_source(settings, "stewardship")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"name": "../tags.jsonl"}, "not the plain name"),
        ({"rows": 2}, "has 1 rows where 2 were stated"),
        ({"sha256": "0" * 64}, "sha256"),
        ({"name": "events.jsonl"}, "is absent"),
        ({"rows": True}, "no number of rows"),
    ],
)
def test_a_manifest_that_does_not_hold_refuses_the_delivery(settings: Settings, stated: dict, fault: str) -> None:
    deliver(settings, "wechat_banca", "tags.jsonl", b'{"id": 1, "name": "x", "count": 2}\n', **stated)
    (result,) = run.ingest_all(settings)
    assert result.status == "REJECTED" and fault in (result.reason or "")


def test_an_empty_json_lines_file_of_stated_no_rows_is_taken(settings: Settings) -> None:
    deliver(settings, "wechat_banca", "events.jsonl", b"", rows=0)
    assert run.ingest_all(settings)[0].status == "ACCEPTED"


def test_unknown_sources_and_a_missing_landing_folder(settings: Settings) -> None:
    with pytest.raises(GlifeError, match="landing folder cannot be read"):
        run.discover(settings)
    (settings.landing / "moon" / "2026-01-31").mkdir(parents=True)
    assert run.discover(settings) == []
    with pytest.raises(GlifeError, match="no source of this name"):
        run.ingest_source(settings, "moon")


def test_refusal_says_how_to_mend_it(settings: Settings) -> None:
    folder = settings.landing / "stewardship" / "2026-01-31"
    folder.mkdir(parents=True)
    (folder / "decisions.csv").write_bytes(b"")
    [result] = run.ingest_source(settings, "stewardship")
    assert result.reason is not None and result.reason.endswith("deliver the date again as 2026-01-31.r2")


def test_trouble_that_nobody_thought_of_is_one_deliverys_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the reader itself, which no file can be made for on purpose: refused, tried again by the next run."""
    folder = settings.landing / "stewardship" / "2026-01-31"
    folder.mkdir(parents=True)
    (folder / "decisions.csv").write_bytes(HEADER)

    def fail(*_: object) -> None:
        raise ValueError("身份证 110105194912310021")

    with monkeypatch.context() as broken:
        broken.setattr(run.load, "load_delivery", fail)
        [refused] = run.ingest_source(settings, "stewardship")
    assert refused.status == "REJECTED" and "ValueError" in (refused.reason or "")
    assert "110105194912310021" not in (refused.reason or "")
    [mended] = run.ingest_source(settings, "stewardship")
    assert mended.status == "ACCEPTED"
