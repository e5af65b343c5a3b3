"""The landing folder: which deliveries lie there, and whether they have arrived completely.

Nothing here opens a data file. What is not understood (unknown sources, odd folder names, unknown files) is reported and
left alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
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
    reading: int = 0  # how often it was read again under a mended contract

    @property
    def name(self) -> str:
        """Under which name it is committed."""
        return (f"{self.folder.name}__{self.only_file}" if self.only_file else self.folder.name) + self.reading_mark

    @property
    def reading_mark(self) -> str:
        """What tells the files of a later reading from those of the first."""
        return f".replay{self.reading:02}" if self.reading else ""

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
    present = set(_in_landing(settings))
    return [s for s in contract.sources() if s in present and _has_delivered(settings, s, up_to)]


def _has_delivered(settings: Settings, source: str, up_to: date | None) -> bool:
    try:
        return bool(deliveries(settings, source, up_to))
    except GlifeError:
        return False  # one source's folder cannot be read: `warnings` tells, and the others go on


def deliveries(settings: Settings, source: str, up_to: date | None = None) -> list[Delivery]:
    """A source's deliveries up to a date, oldest first, revisions of a date in their order.

    Raises GlifeError when the source's folder cannot be read.
    """
    root = settings.landing / source
    found: list[Delivery] = []
    try:
        for name in _names(root) if root.is_dir() else ():
            parsed = _parse(name)
            if parsed and (root / name).is_dir() and (up_to is None or parsed[0] <= up_to):
                found.extend(_in_folder(source, root / name, *parsed))
    except OSError as error:
        raise GlifeError(_unreadable(error), str(error.filename or root), "check its permissions and run again") from None
    return sorted(found, key=lambda d: (d.business_date, d.revision, d.only_file))


def _in_folder(source: str, folder: Path, business_date: date, revision: int) -> list[Delivery]:
    if contract.of_source(source)[0].mark != "renamed":
        return [Delivery(source, folder, business_date, revision)]
    tables = contract.of_source(source)
    files = [name for name in _names(folder) if any(t.match(name) is not None for t in tables)]
    return [Delivery(source, folder, business_date, revision, name) for name in files]


def warnings(settings: Settings) -> list[str]:
    """What lies in the landing folder and belongs to no delivery, or cannot be read."""
    found: list[str] = []
    for name in _in_landing(settings):
        path = settings.landing / name
        try:
            found.extend(_strange(name, path))
        except OSError as error:
            found.append(f"{error.filename or path}: {_unreadable(error)}; left alone, check its permissions")
    return found


def _strange(name: str, path: Path) -> Iterator[str]:
    if name not in contract.sources() or not path.is_dir():
        yield f"{path}: no source of this name is known; left alone"
        return
    for folder in _names(path):
        if not _parse(folder) or not (path / folder).is_dir():
            yield f"{path / folder}: no delivery folder (YYYY-MM-DD or YYYY-MM-DD.rN); left alone"
        elif contract.of_source(name)[0].mark == "renamed":
            known = {d.only_file for d in _in_folder(name, path / folder, date.min, 1)}
            strange = [file for file in _names(path / folder) if file not in known]
            yield from (f"{path / folder / file}: an unknown file; left alone" for file in strange)


def require_complete(delivery: Delivery, quiet_seconds: int, unchanged_since: float | None = None) -> None:
    """Raise IncompleteError, which says what is awaited, unless the completion mark is there.

    ``unchanged_since``: when an earlier run saw the very same files; the clock that stamped them may be wrong.
    """
    for mark in _MARK_FILES[delivery.mark]:
        if not (delivery.folder / mark).exists():
            raise IncompleteError(f"{mark} is not there yet")
    if delivery.mark != "quiet":
        return
    if not delivery.known_files():
        raise IncompleteError("no file is there yet")
    changed = max(path.stat().st_mtime for path in delivery.folder.iterdir())  # also files that will get another name
    if quiet_seconds and time.time() - min(changed, unchanged_since or changed) < quiet_seconds:
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


def _in_landing(settings: Settings) -> list[str]:
    try:
        return _names(settings.landing)
    except OSError as error:
        what = f"the landing folder cannot be read ({error.strerror})"
        raise GlifeError(what, str(settings.landing), "check GLIFE_LANDING and its permissions") from None


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror})"
