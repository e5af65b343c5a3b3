"""Deliveries with rows in quarantine, read again under the contracts of today.

A row that broke a contract which was wrong (a code nobody knew of, another date format) loads once the contract is mended. The
delivery is read again whole, from its files in the landing folder, and committed beside its first reading, which stays what was
known until then. A reading that brings no more rows leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from ingest import landing, load, verify
from ingest.landing import Delivery
from ingest.refusal import RefusedError
from ingest.run import disk_errors, reading, require_known, sweep
from warehouse import lake, runlog
from warehouse.lake import Commit
from warehouse.settings import Settings


@dataclass(frozen=True)
class Replay:
    """One delivery that has rows in quarantine: how many load now, and if none, why."""

    source: str
    folder: str
    loaded: int
    still_quarantined: int
    reason: str | None


def replay(settings: Settings, source: str | None = None) -> list[Replay]:
    """Read again what has rows in quarantine, of one source or all. GlifeError for an unknown source or a full disk."""
    if source is not None:
        require_known(source)
    troubled = [record for record in lake.snapshot(settings, date.max).accepted if _quarantined(record)]
    return [
        replayed
        for name in sorted({record["source"] for record in troubled if source in (None, record["source"])})
        for replayed in _replay_source(settings, name, [record for record in troubled if record["source"] == name])
    ]


def _replay_source(settings: Settings, source: str, records: list[Commit]) -> Iterator[Replay]:
    with reading(settings, source) as con:
        there = {delivery.name: delivery for delivery in landing.deliveries(settings, source, None)}
        for record in records:
            file = record["files"][0]["name"] if source == "acks" else ""
            delivery = there.get(f"{record['folder']}__{file}" if file else record["folder"])
            yield _replay_one(settings, con, record, delivery)
        sweep(settings, source)


def _replay_one(settings: Settings, con: duckdb.DuckDBPyConnection, record: Commit, delivery: Delivery | None) -> Replay:
    before = _quarantined(record)
    kept = Replay(record["source"], record["folder"], 0, before, None)
    if delivery is None:
        return replace(kept, reason="its files are not in the landing folder any more; put them back")
    with disk_errors(delivery):
        hashes = verify.hashes(delivery)
        if verify.fingerprint(hashes) != record["fingerprint"]:
            return replace(kept, reason=f"its files changed after they were accepted; deliver them as .r{delivery.revision + 1}")
        again = replace(delivery, reading=record.get("replay", 0) + 1)
        try:
            expected = verify.verify(again, hashes)
            found = record | {
                "warnings": list(expected.warnings),
                "loaded_at": runlog.now().isoformat(),
                "replay": again.reading,
            }
            found["files"] = load.load_delivery(settings, con, again, expected.files, found["warnings"])
        except RefusedError as fault:
            return replace(kept, reason=f"under the contracts of today it is refused: {fault}")
        if _quarantined(found) >= before:
            return replace(kept, reason="its rows break the contracts of today too")
        lake.write_commit(settings, again.name, found)
    runlog.log(settings, "replayed", delivery=f"{record['source']}/{record['folder']}", rows=before - _quarantined(found))
    return replace(kept, loaded=before - _quarantined(found), still_quarantined=_quarantined(found))


def _quarantined(record: Commit) -> int:
    return sum(file["rows_quarantined"] for file in record["files"])
