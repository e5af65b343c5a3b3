"""Ingest: takes complete deliveries from the landing folder into the lake, each one whole or not at all."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import localcontext
from pathlib import Path
from typing import Any

import duckdb

from ingest import landing, load, verify
from ingest.landing import Delivery
from ingest.refusal import IncompleteError, RefusedError
from warehouse import contract, duck, lake, runlog
from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.lake import ACCEPTED, INCOMPLETE, REJECTED, Commit
from warehouse.settings import Settings

_LOG = logging.getLogger("glife")
_DIGITS = 60  # of a sum; Python's own 28 would round what a nonsensical amount adds to it
# The machine's trouble, and refusals that are no delivery's.
_NOT_THE_DELIVERY = (MemoryError, GlifeError, duckdb.IOException, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class DeliveryResult:
    """How one delivery stands after an ingest."""

    source: str
    folder: str
    business_date: date
    revision: int
    status: str  # ACCEPTED, REJECTED, INCOMPLETE
    reason: str | None
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    warnings: tuple[str, ...]
    is_new: bool  # its record was written by this run


def discover(settings: Settings, up_to: date | None = None) -> list[str]:
    """Sources that have something in the landing folder; reports what lies there and is nobody's.

    Raises GlifeError when the landing folder cannot be read.
    """
    found = landing.sources(settings, up_to)
    for warning in landing.warnings(settings):
        runlog.log(settings, "left_alone", what=warning)
    return found


def ingest_all(settings: Settings, sources: list[str] | None = None, up_to: date | None = None) -> list[DeliveryResult]:
    """Ingest the given sources, or all; a fault of one source does not keep the others out, and is raised at the end."""
    found = discover(settings, up_to)
    results, faults = [], []
    for source in sources or found:
        try:
            results.extend(ingest_source(settings, source, up_to))
        except GlifeError as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return results


def ingest_source(settings: Settings, source: str, up_to: date | None = None) -> list[DeliveryResult]:
    """Take one source's deliveries up to a date, oldest first. The same delivery twice is taken once.

    Raises GlifeError for an unknown source, a full disk or unreadable files; a bad delivery is a result, not an error.
    """
    require_known(source)
    with reading(settings, source) as con:
        return [_take(settings, con, delivery) for delivery in landing.deliveries(settings, source, up_to)]


def require_known(source: str) -> None:
    """Raises GlifeError for a source that has no contract."""
    if source not in contract.sources():
        known = ", ".join(contract.sources())
        raise GlifeError("no source of this name is known", source, f"known are {known}")


@contextmanager
def reading(settings: Settings, source: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to read one source's deliveries with, while nobody else does; what a killed reading left is removed."""
    with lock(settings.lake_dir / "locks" / f"{source}.lock", f"the ingest of {source}"):
        sweep(settings, source)
        con = duck.connect(":memory:", settings)
        try:
            with localcontext(prec=_DIGITS):
                yield con
        finally:
            con.close()


def sweep(settings: Settings, source: str) -> None:
    """Remove a source's files in the lake that no commit record names."""
    files = (file for record in lake.commits(settings) if record["source"] == source for file in record["files"])
    load.sweep(settings, source, (path for file in files for path in (file["data"], file["quarantine"]) if path))


def _take(settings: Settings, con: duckdb.DuckDBPyConnection, delivery: Delivery) -> DeliveryResult:
    """Bring one delivery's commit record up to date."""
    with disk_errors(delivery):
        before, stamp = lake.read_commit(settings, delivery.source, delivery.name), _stamp(delivery)
        if before and before["stamp"] == stamp and before["status"] != INCOMPLETE:
            return _result(before, is_new=False)
        record = _judge(settings, con, delivery, stamp, before)
        if before and _essence(record) == _essence(before):
            return _result(before | {"warnings": record["warnings"]}, is_new=False)
        lake.write_commit(settings, delivery.name, record)
    return _result(record, is_new=True)


def _judge(settings: Settings, con: duckdb.DuckDBPyConnection, delivery: Delivery, stamp: str, before: Commit | None) -> Commit:
    """Read a delivery as far as it deserves and say what it is."""
    if before and before["status"] == ACCEPTED:
        return _compare_accepted(delivery, before)
    record = _new_record(delivery, stamp)
    try:
        seen_before = before is not None and before["stamp"] == stamp
        unchanged_since = datetime.fromisoformat(before["loaded_at"]).timestamp() if before and seen_before else None
        landing.require_complete(delivery, settings.quiet_seconds, unchanged_since)
        hashes = verify.hashes(delivery)
        record["fingerprint"] = verify.fingerprint(hashes)
        if before and before["status"] == REJECTED and before["fingerprint"] == record["fingerprint"]:
            return before
        expected = verify.verify(delivery, hashes)
        record |= {"mode": expected.mode, "warnings": expected.warnings}
        record["files"] = load.load_delivery(settings, con, delivery, expected.files, record["warnings"])
        if landing.stamp(delivery) != stamp:
            raise IncompleteError("a file changed while it was read")
        record["status"] = ACCEPTED
    except IncompleteError as fault:
        record |= {"status": INCOMPLETE, "reason": str(fault), "files": []}
    except RefusedError as fault:
        record |= {"status": REJECTED, "reason": f"{fault}; {_remedy(delivery)}", "files": []}
    except OSError as fault:
        if not _is_in(delivery, fault):
            raise
        reason = f"{Path(fault.filename).name} cannot be read ({fault.strerror}); check its permissions"
        record |= {"status": INCOMPLETE, "reason": reason, "files": []}
    except _NOT_THE_DELIVERY:
        raise
    except Exception as fault:
        # Trouble that nobody thought of is this delivery's alone. It may hold personal data, so only its kind is told;
        # without stamp and fingerprint it is tried again by every run, and so by the one that can read it.
        what = f"its content cannot be read ({type(fault).__name__}); report this with the files"
        _LOG.debug("%s", delivery.folder, exc_info=True)
        record |= {"status": REJECTED, "reason": f"{what}; {_remedy(delivery)}", "files": [], "stamp": "", "fingerprint": None}
    return record


def _stamp(delivery: Delivery) -> str:
    """``landing.stamp``, or nothing when the files cannot be looked at, which `_judge` tells."""
    try:
        return landing.stamp(delivery)
    except OSError:
        return ""


def _is_in(delivery: Delivery, fault: OSError) -> bool:
    """Whether it is a file of the delivery that cannot be read, and not the machine's own trouble."""
    return bool(fault.filename) and Path(fault.filename).is_relative_to(delivery.folder)


def _remedy(delivery: Delivery) -> str:
    if delivery.source == "acks":
        return "send it again, corrected"
    return f"deliver the date again as {delivery.business_date}.r{delivery.revision + 1}"


def _compare_accepted(delivery: Delivery, before: Commit) -> Commit:
    """An accepted delivery never changes; when its folder does, say so. Its files are no longer needed."""
    try:
        is_same = verify.fingerprint(verify.hashes(delivery)) == before["fingerprint"]
    except OSError:
        is_same = True
    if is_same:
        return before
    warning = f"{delivery.folder} changed after it was accepted, which is ignored; deliver it as .r{delivery.revision + 1}"
    _LOG.warning("%s", warning)
    return before | {"warnings": [*before["warnings"], warning]}


def _new_record(delivery: Delivery, stamp: str) -> Commit:
    return {
        "source": delivery.source,
        "business_date": delivery.business_date.isoformat(),
        "revision": delivery.revision,
        "folder": delivery.folder.name,
        "mode": None,
        "status": INCOMPLETE,
        "reason": None,
        "fingerprint": None,
        "stamp": stamp,
        "loaded_at": runlog.now().isoformat(),
        "warnings": [],
        "files": [],
    }


def _essence(record: Commit) -> tuple[Any, ...]:
    awaited = record["stamp"] if record["status"] == INCOMPLETE else None
    return record["status"], record["reason"], record["fingerprint"], awaited


def _result(record: Commit, is_new: bool) -> DeliveryResult:
    files = record["files"]
    return DeliveryResult(
        source=record["source"],
        folder=record["folder"],
        business_date=date.fromisoformat(record["business_date"]),
        revision=record["revision"],
        status=record["status"],
        reason=record["reason"],
        rows_read=sum(file["rows_read"] for file in files),
        rows_loaded=sum(file["rows_loaded"] for file in files),
        rows_quarantined=sum(file["rows_quarantined"] for file in files),
        warnings=tuple(record["warnings"]),
        is_new=is_new,
    )


@contextmanager
def disk_errors(delivery: Delivery) -> Iterator[None]:
    """Turn what the disk refuses into one sentence."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise GlifeError("the memory limit is too small", str(delivery.folder), "raise GLIFE_MEMORY_LIMIT") from None
    except (OSError, duckdb.IOException) as error:
        where = str(delivery.folder)
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            remedy = "free some space and run again: nothing of this delivery was loaded"
            raise GlifeError("the disk is full", where, remedy) from None
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise GlifeError(
            f"a file cannot be read or written ({reason})",
            getattr(error, "filename", None) or where,
            "check its permissions and run again",
        ) from None
