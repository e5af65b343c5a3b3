"""What a delivery says of itself: manifest, header and trailer records, hashes; and whether that holds.

Everything that can be known without parsing rows is checked here; counts and control sums are compared after reading.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from ingest.formats.delimited import trailer_start
from ingest.landing import MANIFEST, Delivery
from ingest.refusal import RefusedError
from warehouse import contract
from warehouse.contract import Contract


@dataclass(frozen=True)
class ExpectedFile:
    """One file to load and what was stated of it; None where nothing was."""

    path: Path
    contract: Contract
    sha256: str
    is_full: bool
    rows: int | None = None
    sums: dict[str, Decimal] = field(default_factory=dict)  # in yuan


@dataclass(frozen=True)
class Expected:
    """A delivery whose statement of itself holds so far."""

    mode: str
    files: list[ExpectedFile]
    warnings: list[str]


def hashes(delivery: Delivery) -> dict[str, str]:
    """SHA-256 of each of the delivery's files."""
    return {path.name: _sha256(path) for path in delivery.known_files()}


def fingerprint(content_hashes: dict[str, str]) -> str:
    """Equal for deliveries of equal content."""
    lines = (f"{name} {digest}" for name, digest in sorted(content_hashes.items()))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def verify(delivery: Delivery, content_hashes: dict[str, str]) -> Expected:
    """Check a complete delivery as far as that goes without reading rows. RefusedError tells the first fault."""
    match delivery.mark:
        case "manifest":
            return _by_manifest(delivery, content_hashes)
        case "ready":
            return _by_trailers(delivery, content_hashes)
        case _:
            return _as_found(delivery, content_hashes)


def _as_found(delivery: Delivery, content_hashes: dict[str, str]) -> Expected:
    """Files without any statement."""
    files = []
    for name, table in delivery.contracts().items():
        _require_content(delivery.folder / name)
        files.append(ExpectedFile(delivery.folder / name, table, content_hashes[name], table.mode == "full"))
    return Expected("full" if all(f.is_full for f in files) else "delta", files, _unknown(delivery))


def _unknown(delivery: Delivery) -> list[str]:
    return [f"{name} is an unknown file and was left alone" for name in delivery.unknown_files()]


def _require_content(path: Path) -> None:
    if not path.is_file():
        raise RefusedError(f"{path.name} is no file")
    if path.stat().st_size == 0:
        raise RefusedError(f"{path.name} is empty (0 bytes)")


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- manifest ----------------------------------------------------------------------------------------------------------


def _by_manifest(delivery: Delivery, content_hashes: dict[str, str]) -> Expected:
    manifest = _read_manifest(delivery)
    known, files, warnings = delivery.contracts(), [], []
    for entry in manifest["files"]:
        path, table = delivery.folder / entry["name"], known.get(entry["name"])
        if not path.is_file():
            raise RefusedError(f"{path.name} is listed in {MANIFEST} and is absent")
        digest = content_hashes.get(path.name) or _sha256(path)
        if digest != entry["sha256"].lower():
            raise RefusedError(f"{path.name}: its sha256 is not the one in {MANIFEST}")
        if table is None:
            warnings.append(f"{path.name} is listed in {MANIFEST} but no contract knows it; it was left alone")
            continue
        if not (table.format.kind == "jsonl" and entry["rows"] == 0):
            _require_content(path)
        sums = {name: value for name, value in entry["sums"].items() if name in table.control_sums}
        missing = [name for name in table.control_sums if name not in sums]
        warnings += [f"{path.name}: {MANIFEST} states no control sum of {name}" for name in missing]
        is_full = table.mode == "full" or (table.mode == "as_stated" and manifest["mode"] == "full")
        files.append(ExpectedFile(path, table, digest, is_full, entry["rows"], sums))
    listed = {entry["name"] for entry in manifest["files"]}
    warnings += [f"{name} is not listed in {MANIFEST} and was left alone" for name in known if name not in listed]
    unknown = [name for name in delivery.unknown_files() if name not in listed]
    warnings += [f"{name} is an unknown file and was left alone" for name in unknown]
    return Expected(manifest["mode"], files, warnings)


def _refuse(fault: str) -> NoReturn:
    raise RefusedError(f"{MANIFEST}: {fault}")


def _read_manifest(delivery: Delivery) -> dict[str, Any]:
    """The manifest, each of its fields of the right kind."""
    try:
        text = (delivery.folder / MANIFEST).read_text(encoding="utf-8-sig")
        manifest = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (UnicodeError, ValueError, RecursionError):
        _refuse("it is no JSON")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        _refuse("it has no list of files")
    if manifest.get("source") != delivery.source:
        _refuse("its source is not the folder's")
    if manifest.get("business_date") != delivery.business_date.isoformat():
        _refuse(f"its business date is not the folder's ({delivery.business_date})")
    if manifest.get("mode") not in ("full", "delta"):
        _refuse("its mode is neither full nor delta")
    names = set()
    for entry in manifest["files"]:
        _check_entry(entry)
        if entry["name"] in names:
            _refuse(f"{entry['name']} is listed twice")
        names.add(entry["name"])
        entry["sums"] = {name: _decimal(entry["name"], name, value) for name, value in entry["sums"].items()}
    return manifest


def _check_entry(entry: Any) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        _refuse("an entry of its files has no name")
    name, rows = entry["name"], entry.get("rows")
    if name != Path(name).name or name in ("", ".", "..") or "\\" in name or "\0" in name:
        _refuse("an entry of its files is not the plain name of a file in this folder")
    if type(rows) is not int or rows < 0:
        _refuse(f"{name} has no number of rows")
    if not isinstance(entry.get("sha256"), str) or not re.fullmatch(r"[0-9A-Fa-f]{64}", entry["sha256"]):
        _refuse(f"{name} has no sha256")
    entry.setdefault("sums", {})
    if not isinstance(entry["sums"], dict):
        _refuse(f"the sums of {name} are no object")


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _decimal(file: str, column: str, value: Any) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        _refuse(f"the sum of {column} of {file} is no number")
    return number


# --- header and trailer records ----------------------------------------------------------------------------------------


def _by_trailers(delivery: Delivery, content_hashes: dict[str, str]) -> Expected:
    found, files = delivery.contracts(), []
    for table in contract.of_source(delivery.source):
        name = table.file_name.format(yyyymmdd=f"{delivery.business_date:%Y%m%d}")
        if name not in found:
            raise RefusedError(f"{name} is absent")
        rows, sums = _read_frame(delivery, delivery.folder / name, table)
        files.append(ExpectedFile(delivery.folder / name, table, content_hashes[name], table.mode == "full", rows, sums))
    expected = {file.path.name for file in files}
    other = [f"{name} is of another date and was left alone" for name in found if name not in expected]
    return Expected("delta", files, other + _unknown(delivery))


def _read_frame(delivery: Delivery, path: Path, table: Contract) -> tuple[int, dict[str, Decimal]]:
    """Detail count and control sum of a trailer record, when header and trailer are as they should be."""
    _require_content(path)
    with path.open("rb") as file:
        header = _fields(file.readline(4096))
        after_header = file.tell()
        start = trailer_start(path)
        file.seek(start)
        trailer = _fields(file.readline(4096))
    if header[:1] != ["HDR"] or len(header) != 3:
        raise RefusedError(f"{path.name}, line 1: the header record is missing")
    if header[1] != table.format.file_type:
        raise RefusedError(f"{path.name}, line 1: the header says file type is not {table.format.file_type}")
    if header[2] != f"{delivery.business_date:%Y%m%d}":
        raise RefusedError(f"{path.name}, line 1: the header's date is not the folder's ({delivery.business_date})")
    if start < after_header or trailer[:1] != ["TRL"] or len(trailer) != 3:
        raise RefusedError(f"{path.name}: the trailer record is missing")
    count, total_text = trailer[1], trailer[2] or ("" if table.control_sums else "0")
    if not all(re.fullmatch(r"-?[0-9]{1,30}", number) for number in (count, total_text)):
        raise RefusedError(f"{path.name}: the trailer record's numbers are none")
    rows, total = int(count), Decimal(total_text)
    if not table.control_sums and total != 0:
        raise RefusedError(f"{path.name}: the trailer states a control sum where there is none")
    return rows, dict.fromkeys(table.control_sums, total / 100)


def _fields(line: bytes) -> list[str]:
    return [part.strip(" \u3000\r\n\x1a") for part in line.decode("gb18030", "replace").split("|")]
