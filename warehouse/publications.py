"""The publication log: what was published, remembered for ever, append-only, part of the lake.

    lake/publications/000001-<generation id>/    record.parquet, figure.parquet, publication.json

An entry holds what a publication changed against the one that it follows (``base``): which source record belongs to which
customer, and the figures worth remembering. So the newest row of a record or figure along the chain of bases is its published
state, and the rows of one record in order are its history. An entry is made in a draft folder and becomes one by a rename; it is
never touched again. Generations beside the current one were not published to anybody and are not remembered.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from warehouse import runlog
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import fsync_file, fsync_folder, write_json
from warehouse.settings import Settings

COLUMNS = {
    "record": {
        "source_system": "VARCHAR",
        "source_record_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "previous_customer_id": "VARCHAR",
        "change": "VARCHAR",
        "reason": "VARCHAR",
    },
    "figure": {
        "figure": "VARCHAR",
        "measure": "VARCHAR",
        "period_end": "DATE",
        "grain": "VARCHAR",
        "value": "DECIMAL(38,10)",
        "label": "VARCHAR",
        "previous_value": "DECIMAL(38,10)",
        "previous_label": "VARCHAR",
        "reason": "VARCHAR",
        "other_causes": "VARCHAR",
    },
}


@dataclass(frozen=True)
class Publication:
    """One entry of the log; ``base`` is the sequence of the entry it follows, 0 for the first."""

    sequence: int
    base: int
    generation_id: str
    as_of: date
    published_at: datetime
    code_version: str
    parameter_version: str
    lake_fingerprint: str

    @property
    def made_from(self) -> tuple[date, datetime | None, str, str, str]:
        """What the generation was made from, this log apart; nothing of it had been left out as not yet known."""
        return self.as_of, None, self.lake_fingerprint, self.code_version, self.parameter_version

    @property
    def folder_name(self) -> str:
        return f"{self.sequence:06d}-{self.generation_id}"


def chain(settings: Settings, as_of: date, known_at: datetime | None = None) -> tuple[Publication, ...]:
    """What had been published for dates up to ``as_of``, as far as was known at ``known_at``; the newest comes last."""
    known = (e for e in _entries(settings) if e.as_of <= as_of and (known_at is None or e.published_at <= known_at))
    return until(settings, max((entry.sequence for entry in known), default=0))


def until(settings: Settings, sequence: int) -> tuple[Publication, ...]:
    """The chain that ends with one entry; nothing for 0."""
    entries = {entry.sequence: entry for entry in _entries(settings)}
    links: list[Publication] = []
    while sequence:
        links.append(entries[sequence])
        sequence = links[-1].base
    return tuple(reversed(links))


def attach(connection: duckdb.DuckDBPyConnection, settings: Settings, links: tuple[Publication, ...]) -> None:
    """Add to schema ``lake`` the log as a build knows it: ``publication``, ``published_record``, ``published_figure``."""
    connection.execute(
        "create or replace table lake.publication (sequence integer, generation_id varchar, as_of date, published_at timestamp, "
        "code_version varchar, parameter_version varchar, lake_fingerprint varchar, is_newest boolean)"
    )
    rows = [
        (
            *(link.sequence, link.generation_id, link.as_of, link.published_at.astimezone(runlog.SHANGHAI).replace(tzinfo=None)),
            *(link.code_version, link.parameter_version, link.lake_fingerprint, link is links[-1]),
        )
        for link in links
    ]
    if rows:
        connection.executemany("insert into lake.publication values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    for kind, columns in COLUMNS.items():
        files = [_root(settings) / link.folder_name / f"{kind}.parquet" for link in links]
        connection.execute(f"create or replace view lake.published_{kind} as {_rows(files, columns)}")


def append(settings: Settings, entry: Publication, generation_file: Path) -> None:
    """Remember a publication with the steps its generation took from its base; does nothing when it is remembered already.

    Raises GlifeError when another generation was published since this one was planned: its steps would start from the wrong
    place.
    """
    entries = _entries(settings)
    if any(known.generation_id == entry.generation_id for known in entries):
        return
    if (newest := max((e.sequence for e in entries if e.as_of <= entry.as_of), default=0)) != entry.base:
        raise GlifeError(
            f"publication {newest} came in between", entry.generation_id, "run `glife run` again: it compares with that one"
        )
    final = _root(settings) / entry.folder_name
    draft = final.with_name(f".{final.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with connect(generation_file, settings, read_only=True) as connection:
        for kind, columns in COLUMNS.items():
            target = draft / f"{kind}.parquet"
            order = ", ".join(list(columns)[:4])
            rows = f"select {entry.sequence} as sequence, {', '.join(columns)} from core.{kind}_step order by {order}"
            connection.execute(f"copy ({rows}) to '{_quoted(target)}' (format parquet, compression zstd)")
            fsync_file(target)
    write_json(draft / "publication.json", asdict(entry))
    draft.rename(final)
    fsync_folder(final.parent)


def next_sequence(settings: Settings) -> int:
    """The number of the next entry."""
    return max((entry.sequence for entry in _entries(settings)), default=0) + 1


def generation_ids(settings: Settings) -> set[str]:
    """Every generation that has been the current one."""
    return {entry.generation_id for entry in _entries(settings)}


def _root(settings: Settings) -> Path:
    return settings.lake_dir / "publications"


def _entries(settings: Settings) -> list[Publication]:
    return sorted((_read(path) for path in _root(settings).glob("[0-9]*/publication.json")), key=lambda entry: entry.sequence)


def _read(path: Path) -> Publication:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        as_of, published_at = date.fromisoformat(content["as_of"]), datetime.fromisoformat(content["published_at"])
        return Publication(**{**content, "as_of": as_of, "published_at": published_at})
    except (OSError, ValueError, KeyError, TypeError):
        raise GlifeError("this entry of the publication log cannot be read", str(path), "restore it from the backup") from None


def _rows(files: list[Path], columns: dict[str, str]) -> str:
    if files:
        paths = ", ".join(f"'{_quoted(path)}'" for path in files)
        return f"select sequence, {', '.join(columns)} from read_parquet([{paths}])"
    nothing = ", ".join(f"null::{kind} as {name}" for name, kind in columns.items())
    return f"select null::integer as sequence, {nothing} where false"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
