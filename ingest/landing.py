"""The landing folder: which deliveries lie there, and whether they have arrived completely.

Nothing here opens a data file. What is not understood (unknown sources, odd folder names, unknown files) is reported and
left alone.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.refusal import IncompleteError
from warehouse import contract
from warehouse.contract import Contract, Mark
from warehouse.errors import GlifeError
from warehouse.settings import Settings

MANIFEST, READY = "_manifest.json", "_READY"
_MARK_FILES = {"manifest": (MANIFEST,), "ready": (READY,), "quiet": (), "renamed": ()}
_FOLDER = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.r([2-9]|[1-9]\d+))?")


@dataclass(frozen=True)
class Delivery:
    """One delivery: a folder; of acknowledgements, which complete one by one, a single file."""

    source: str
    folder: Path
    business_date: date
    revision: int
    only_file: str = ""

    @property
    def name(self) -> str:
        """Under which name it is committed, and its files lie in the lake."""
        return f"{self.folder.name}__{self.only_file}" if self.only_file else self.folder.name

    @property
    def mark(self) -> Mark:
        return contract.of_source(self.source)[0].mark

    def contracts(self) -> dict[str, Contract]:
        """The files that are tables of this source, in the order of their names."""
        names = [self.only_file] if self.only_file else _names(self.folder)
        tables = contract.of_source(self.source)
        return {name: table for name in names for table in tables if table.match(name) is not None}

    def known_files(self) -> list[Path]:
        """Table files and completion marks: what the delivery consists of."""
        marks = [name for name in _MARK_FILES[self.mark] if (self.folder / name).exists()]
        return [self.folder / name for name in [*self.contracts(), *marks]]

    def unknown_files(self) -> list[str]:
        """Files that no contract knows."""
        known = {path.name for path in self.known_files()}
        return [] if self.only_file else [name for name in _names(self.folder) if name not in known]


def sources(settings: Settings, up_to: date | None = None) -> list[str]:
    """Known sources that have delivered something up to a date. GlifeError when the landing folder cannot be read."""
    present = set(_names(settings.landing))
    return [s for s in contract.sources() if s in present and deliveries(settings, s, up_to)]


def deliveries(settings: Settings, source: str, up_to: date | None = None) -> list[Delivery]:
    """A source's deliveries up to a date, oldest first, revisions of a date in their order."""
    root = settings.landing / source
    if not root.is_dir():
        return []
    found = []
    for name in _names(root):
        parsed = _parse(name)
        if parsed and (root / name).is_dir() and (up_to is None or parsed[0] <= up_to):
            found.extend(_in_folder(source, root / name, *parsed))
    return sorted(found, key=lambda d: (d.business_date, d.revision, d.only_file))


def _in_folder(source: str, folder: Path, business_date: date, revision: int) -> list[Delivery]:
    if contract.of_source(source)[0].mark != "renamed":
        return [Delivery(source, folder, business_date, revision)]
    tables = contract.of_source(source)
    files = [name for name in _names(folder) if any(t.match(name) is not None for t in tables)]
    return [Delivery(source, folder, business_date, revision, name) for name in files]


def warnings(settings: Settings) -> list[str]:
    """What lies in the landing folder and belongs to no delivery."""
    found = []
    for name in _names(settings.landing):
        path = settings.landing / name
        if name not in contract.sources() or not path.is_dir():
            found.append(f"{path}: no source of this name is known; left alone")
            continue
        for folder in _names(path):
            if not _parse(folder) or not (path / folder).is_dir():
                found.append(f"{path / folder}: no delivery folder (YYYY-MM-DD or YYYY-MM-DD.rN); left alone")
            elif contract.of_source(name)[0].mark == "renamed":
                known = {d.only_file for d in deliveries(settings, name) if d.folder == path / folder}
                strange = [file for file in _names(path / folder) if file not in known]
                found.extend(f"{path / folder / file}: an unknown file; left alone" for file in strange)
    return found


def require_complete(delivery: Delivery, quiet_seconds: int) -> None:
    """Raise IncompleteError, which says what is awaited, unless the completion mark is there."""
    for mark in _MARK_FILES[delivery.mark]:
        if not (delivery.folder / mark).exists():
            raise IncompleteError(f"{mark} is not there yet")
    if delivery.mark != "quiet":
        return
    files = delivery.known_files()
    if not files:
        raise IncompleteError("no file is there yet")
    quiet_for = time.time() - max(path.stat().st_mtime for path in files)
    if quiet_seconds and quiet_for < quiet_seconds:
        raise IncompleteError(f"a file changed less than {quiet_seconds} s ago")


def stamp(delivery: Delivery) -> str:
    """Sizes and times of the delivery's files: equal stamps, equal content, without reading it."""
    states = ((path.name, path.stat()) for path in delivery.known_files())
    return ";".join(f"{name}:{state.st_size}:{state.st_mtime_ns}" for name, state in states)


def _parse(name: str) -> tuple[date, int] | None:
    found = _FOLDER.fullmatch(name)
    try:
        return (date.fromisoformat(found[1]), int(found[2] or 1)) if found else None
    except ValueError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise GlifeError(
            f"the landing folder cannot be read ({error.strerror})",
            str(folder),
            "check GLIFE_LANDING and its permissions",
        ) from None
