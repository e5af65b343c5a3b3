"""Empty is null and breaks a contract only in a key column: deliveries in which any other cell may be empty still publish."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest import run as ingestion
from warehouse import build, contract, run
from warehouse import publish as publishing
from warehouse.contract import Contract
from warehouse.settings import get_settings

_SHARE = 0.35
csv.field_size_limit(1 << 24)


def _emptied_csv(content: bytes, table: Contract, empty: Callable[[], bool]) -> bytes:
    packed = bool(table.format.compression)
    text = (gzip.decompress(content) if packed else content).decode(errors="surrogateescape")
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    keys = {name for column in table.key for name in column.headers}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        named = zip(header, row, strict=True) if len(row) == len(header) else ()
        writer.writerow([value if name in keys or not empty() else "" for name, value in named] or row)
    made = out.getvalue().encode(errors="surrogateescape")
    return gzip.compress(made, mtime=0) if packed else made


def _emptied_json(content: bytes, table: Contract, empty: Callable[[], bool]) -> bytes:
    keys, lines = {column.name for column in table.key}, []
    for line in content.splitlines():
        try:
            row: Any = json.loads(line)
        except ValueError:
            row = None
        kept = {k: v for k, v in row.items() if k in keys or not empty()} if isinstance(row, dict) else None
        lines.append(line if kept is None else json.dumps(kept, ensure_ascii=False).encode())
    return b"\n".join(lines)


def _empty_cells(landing: Path, chance: random.Random) -> int:
    """Empty cells in every delivery whose manifest holds, and state that anew; returns how many files were changed."""
    changed = 0
    for path in sorted(landing.glob("*/*/_manifest.json")):
        manifest = json.loads(path.read_text())
        files = {entry["name"]: path.with_name(entry["name"]) for entry in manifest["files"]}
        hashes = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items() if file.exists()}
        if any(hashes.get(entry["name"]) != entry["sha256"] for entry in manifest["files"]):
            continue
        for entry in manifest["files"]:
            (table,) = (t for t in contract.of_source(manifest["source"]) if t.match(entry["name"]) is not None)
            emptied = _emptied_csv if table.format.kind == "csv" else _emptied_json
            made = emptied(files[entry["name"]].read_bytes(), table, lambda: chance.random() < _SHARE)
            files[entry["name"]].write_bytes(made)
            entry |= {"sha256": hashlib.sha256(made).hexdigest(), "sums": {}}
            changed += 1
        path.write_text(json.dumps(manifest))
    return changed


@pytest.mark.slow
def test_deliveries_with_empty_cells_everywhere_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sample.generate import write_sample

    landing = tmp_path / "landing"
    write_sample(120, landing, 7)
    assert _empty_cells(landing, random.Random(7)) > 50
    for name, value in {"HOME": tmp_path / "home", "LANDING": landing, "QUIET_SECONDS": 0}.items():
        monkeypatch.setenv(f"GLIFE_{name}", str(value))
    settings = get_settings()
    ingestion.ingest_all(settings)
    plan = run.plan({"as_of": None, "up_to": None, "known_at": None})
    run.source_gate(plan)
    build.build(settings)
    run.publish_gate(plan)
    run.publish(plan)
    current = publishing.current_generation(settings)
    assert current is not None and current.generation_id == plan["generation_id"]
    for channel in ("individual", "broker", "banca", "wechat", "crm"):
        run.export(plan, channel)
