"""The lake: accepted deliveries as immutable Parquet files, and one commit record per delivery.

A file belongs to the lake only when a commit record names it; the record is written last, by one rename. Everything that
reads the lake goes through a :class:`Snapshot`, which is the newest accepted revision of every source and date.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.contract import Contract, contracts
from warehouse.errors import GlifeError
from warehouse.files import write_json
from warehouse.runlog import SHANGHAI
from warehouse.settings import Settings

_STEWARDS, _ERASURES = "stewardship", "stewardship__erasures"
ACCEPTED, REJECTED, INCOMPLETE = "ACCEPTED", "REJECTED", "INCOMPLETE"

LINEAGE = {
    "_source_system": "VARCHAR",
    "_business_date": "DATE",
    "_revision": "INTEGER",
    "_file_name": "VARCHAR",
    "_line": "BIGINT",
    "_key": "VARCHAR",
    "_scope": "VARCHAR",
    "_is_full": "BOOLEAN",
}
QUARANTINE = {
    "source_system": "VARCHAR",
    "table_name": "VARCHAR",
    "business_date": "DATE",
    "revision": "INTEGER",
    "file_name": "VARCHAR",
    "line_number": "BIGINT",
    "raw": "VARCHAR",
    "reasons": "VARCHAR[]",
    "_key": "VARCHAR",
    "_scope": "VARCHAR",
}
_LOAD = {
    "source_system": "VARCHAR",
    "business_date": "DATE",
    "revision": "INTEGER",
    "file_name": "VARCHAR",
    "sha256": "VARCHAR",
    "rows_read": "BIGINT",
    "rows_loaded": "BIGINT",
    "rows_quarantined": "BIGINT",
    "sums": "VARCHAR",
    "loaded_at": "TIMESTAMP",
    "status": "VARCHAR",
    "reason": "VARCHAR",
}

Commit = dict[str, Any]


def commit_path(settings: Settings, source: str, name: str) -> Path:
    """Where the commit record of a delivery lies."""
    return settings.lake_dir / "commits" / source / f"{name}.json"


def read_commit(settings: Settings, source: str, name: str) -> Commit | None:
    """One delivery's commit record, None when it has none."""
    path = commit_path(settings, source, name)
    return _read(path) if path.exists() else None


def write_commit(settings: Settings, name: str, record: Commit) -> None:
    """Make a delivery part of the lake, or record why it is none, by one rename."""
    write_json(commit_path(settings, record["source"], name), record)


def commits(settings: Settings) -> list[Commit]:
    """All commit records, by source, business date and revision."""
    found = (_read(path) for path in sorted((settings.lake_dir / "commits").glob("*/*.json")) if path.name[0] != ".")
    return sorted(found, key=lambda r: (r["source"], r["business_date"], r["revision"], _first_file(r)))


def in_force(records: Iterable[Commit]) -> list[Commit]:
    """Of a delivery that was read again (``glife quarantine replay``) only the newest reading."""
    records = list(records)
    newest = {_reading(r): r.get("replay", 0) for r in records if r["files"]}  # later readings come later
    return [r for r in records if not r["files"] or r.get("replay", 0) == newest[_reading(r)]]


def _reading(record: Commit) -> tuple[Any, ...]:
    return record["source"], record["business_date"], record["revision"], _first_file(record)


def newest_date(settings: Settings, source: str, up_to: date | None = None) -> date | None:
    """The newest business date of ``source`` that was accepted, up to a date; None when there is none."""
    dates = [_date(r) for r in commits(settings) if r["source"] == source and r["status"] == ACCEPTED]
    return max((d for d in dates if up_to is None or d <= up_to), default=None)


def _read(path: Path) -> Commit:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise GlifeError("this commit record cannot be read", str(path), "remove it and run `glife ingest`") from None


def _date(record: Commit) -> date:
    return date.fromisoformat(record["business_date"])


def _loaded_at(record: Commit) -> datetime:
    return datetime.fromisoformat(record["loaded_at"])


def _first_file(record: Commit) -> str:
    return record["files"][0]["name"] if record["files"] else ""


@dataclass(frozen=True)
class Snapshot:
    """What the lake held of business dates up to ``as_of``, as far as it was known at ``known_at``."""

    as_of: date
    known_at: datetime | None
    lake_dir: Path
    records: tuple[Commit, ...]  # of any status
    accepted: tuple[Commit, ...]  # the newest accepted revision of each source and date
    erasures: tuple[Commit, ...]  # every accepted delivery of the stewards, of any date: an erasure holds for ever

    @property
    def fingerprint(self) -> str:
        """Equal for equal content: what was accepted and what was refused, whenever that was."""
        lines = [
            "\t".join(str(r[k]) for k in ("source", "folder", "status", "fingerprint", "reason"))
            + _first_file(r)
            + str(r.get("replay", ""))
            for r in {id(r): r for r in (*self.records, *self.erasures)}.values()
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def files(self, contract: Contract) -> list[Path]:
        """The data files of one table."""
        return self._data_of(self.accepted, contract)

    def erasure_files(self, contract: Contract) -> list[Path]:
        """The data files of the erasure requests, of whatever date and revision they were accepted in."""
        return self._data_of(self.erasures, contract)

    def _data_of(self, records: Iterable[Commit], contract: Contract) -> list[Path]:
        return [
            self.lake_dir / file["data"]
            for record, file in _files(records)
            if file["data"] and file["table"] == contract.table and record["source"] in contract.sources
        ]


def snapshot(settings: Settings, as_of: date | None = None, known_at: datetime | None = None) -> Snapshot:
    """The state of the lake. ``as_of`` is by default the newest accepted core_life date; GlifeError without one."""
    if known_at is not None and known_at.tzinfo is None:
        known_at = known_at.replace(tzinfo=SHANGHAI)
    known = in_force(r for r in commits(settings) if known_at is None or _loaded_at(r) <= known_at)
    if as_of is None:
        as_of = max((_date(r) for r in known if r["source"] == "core_life" and r["status"] == ACCEPTED), default=None)
    if as_of is None:
        raise GlifeError("no delivery of core_life was accepted yet", str(settings.landing), "deliver one and run `glife ingest`")
    records = tuple(r for r in known if _date(r) <= as_of)
    newest = {_slot(r): r for r in records if r["status"] == ACCEPTED}  # later revisions come later
    erasures = tuple(r for r in in_force(commits(settings)) if r["source"] == _STEWARDS and r["status"] == ACCEPTED)
    return Snapshot(as_of, known_at, settings.lake_dir, records, tuple(newest.values()), erasures)


def _slot(record: Commit) -> tuple[str, ...]:
    """What a revision replaces: the date's delivery; acknowledgements are single files."""
    file = _first_file(record) if record["source"] == "acks" else ""
    return record["source"], record["business_date"], file


def _files(records: Iterable[Commit]) -> Iterator[tuple[Commit, dict[str, Any]]]:
    return ((record, file) for record in records for file in record["files"])


def scope(contract: Contract, source: str, file_name: str) -> str:
    """Within which rows a full delivery is full: the source, or the workbook."""
    return f"{source}/{file_name}" if contract.is_per_file else source


def attach(con: duckdb.DuckDBPyConnection, snap: Snapshot) -> None:
    """Create schema ``lake`` in ``con``: a view per table, ``quarantine``, ``load``, ``full_load`` and ``build_info``."""
    con.execute("create schema if not exists lake")
    for contract in contracts():
        columns = {c.name: c.lake_type for c in contract.columns} | LINEAGE
        files = snap.erasure_files(contract) if contract.name == _ERASURES else snap.files(contract)
        _view(con, contract.name, files, columns)
    quarantined = [snap.lake_dir / file["quarantine"] for _, file in _files(snap.accepted) if file["quarantine"]]
    _view(con, "quarantine", quarantined, QUARANTINE)
    _table(con, "load", _LOAD, _load_rows(snap))
    _table(con, "full_load", {"table_name": "VARCHAR", "_scope": "VARCHAR", "business_date": "DATE"}, _full_rows(snap))
    info = {"as_of": "DATE", "known_at": "TIMESTAMP", "lake_fingerprint": "VARCHAR"}
    known_at = snap.known_at.astimezone(SHANGHAI).replace(tzinfo=None) if snap.known_at else None
    _table(con, "build_info", info, [(snap.as_of, known_at, snap.fingerprint)])


def _view(con: duckdb.DuckDBPyConnection, name: str, files: list[Path], columns: dict[str, str]) -> None:
    if files:
        paths = ", ".join(_quoted(str(path)) for path in files)
        rows = f"select {', '.join(map(_name, columns))} from read_parquet([{paths}])"
    else:
        rows = f"select {', '.join(f'null::{kind} as {_name(c)}' for c, kind in columns.items())} where false"
    con.execute(f"create or replace view lake.{_name(name)} as {rows}")


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = list(columns)
    values = [dict(zip(names, row, strict=True)) for row in rows]
    casts = ", ".join(f"{_name(c)}::{kind} as {_name(c)}" for c, kind in columns.items())
    delivered = pa.table({c: pa.array([None if v[c] is None else str(v[c]) for v in values], pa.string()) for c in names})
    con.register("_delivered", delivered)
    con.execute(f"create or replace table lake.{_name(name)} as select {casts} from _delivered")
    con.unregister("_delivered")


def _load_rows(snap: Snapshot) -> Iterator[tuple[Any, ...]]:
    accepted = {id(record) for record in snap.accepted}
    for record in snap.records:
        status = record["status"]
        if status == ACCEPTED:
            status = "LOADED" if id(record) in accepted else "REPLACED"
        loaded_at = _loaded_at(record).astimezone(SHANGHAI).replace(tzinfo=None)
        delivery = (record["source"], record["business_date"], record["revision"])
        outcome = (loaded_at, status, record["reason"])
        if status in (REJECTED, INCOMPLETE):
            yield (*delivery, None, None, None, None, None, None, *outcome)
        for file in record["files"]:
            sums = json.dumps(file["sums"], sort_keys=True)
            rows = (file["rows_read"], file["rows_loaded"], file["rows_quarantined"])
            yield (*delivery, file["name"], file["sha256"], *rows, sums, *outcome)


def _full_rows(snap: Snapshot) -> list[tuple[str, str, str]]:
    tables = {(source, c.table): c for c in contracts() for source in c.sources}
    found = {
        (
            tables[record["source"], file["table"]].name,
            scope(tables[record["source"], file["table"]], record["source"], file["name"]),
            record["business_date"],
        )
        for record, file in _files(snap.accepted)
        if file["is_full"]
    }
    return sorted(found)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
