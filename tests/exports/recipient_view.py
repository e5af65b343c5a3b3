"""Packages as their recipients open them: decrypted, parsed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from pysequoia import Tsk, decrypt

from warehouse.settings import Settings

BANK_COLUMNS = [
    *("customer_ref", "change", "tier", "tier_name", "previous_tier", "strategy", "reasons", "recommended_lines"),
    *("source_record_ids", "name", "mobile", "policies", "next_due_on", "serving_agent", "tags"),
]


def content(settings: Settings, folder: Path, name: str) -> bytes:
    """A data file's plain bytes."""
    if (folder / name).is_file():
        return (folder / name).read_bytes()
    secret = Tsk.from_file(str(settings.recipient_keys / "broker" / f"{folder.parent.name}.sample-secret.asc"))
    opened = decrypt((folder / f"{name}.pgp").read_bytes(), decryptor=secret.decryptor())
    assert opened.bytes is not None
    return bytes(opened.bytes)


def csv_rows(settings: Settings, folder: Path) -> list[dict[str, str]]:
    text = content(settings, folder, "tier_list.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def bank_rows(folder: Path) -> list[dict[str, str]]:
    (path,) = folder.glob("TIER_*.dat")
    lines = path.read_bytes().decode("gb18030").split("\r\n")
    return [dict(zip(BANK_COLUMNS, line.split("|"), strict=True)) for line in lines[1:-2]]


def json_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found
