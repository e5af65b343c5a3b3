"""Loads the files of one verified delivery: read, check every row, write Parquet aside; nothing counts until it is committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet

from ingest.check import VALUE_OF_SUM, check_query
from ingest.formats import READERS, Source
from ingest.formats.rows import FAULT_SEPARATOR
from ingest.landing import Delivery
from ingest.refusal import RefusedError
from ingest.verify import ExpectedFile
from warehouse import lake
from warehouse.files import fsync_file, fsync_folder
from warehouse.progress import progress
from warehouse.settings import Settings

DRAFT_SUFFIX = ".part"
_YUAN, _FEN = Decimal(1), Decimal("0.01")


@dataclass
class Sum:
    """A control sum's two parts, in yuan."""

    unit: Decimal  # of the file's amounts, in yuan
    loaded: Decimal = Decimal()
    quarantined: Decimal = Decimal()


@dataclass
class FileReport:
    """What became of one file."""

    rows_loaded: int = 0
    rows_quarantined: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        return self.rows_loaded + self.rows_quarantined


class Draft:
    """A Parquet file in the making: written under a name that no reader takes, only when there are rows."""

    def __init__(self, lake_dir: Path, relative: str) -> None:
        self.relative, self._final = relative, lake_dir / relative
        self._path = self._final.with_name(f".{self._final.name}{DRAFT_SUFFIX}")
        self._writer: pyarrow.parquet.ParquetWriter | None = None

    def write(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        if self._writer is None:
            self._final.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pyarrow.parquet.ParquetWriter(self._path, rows.schema, compression="zstd")
        self._writer.write_table(rows)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            fsync_file(self._path)

    def discard(self) -> None:
        """Forget the draft; also after a failed write, so a second failure on closing is of no interest."""
        try:
            if self._writer is not None:
                self._writer.close()
        except OSError:
            pass
        self._path.unlink(missing_ok=True)

    def publish(self) -> str | None:
        """Give the file its name; its path inside the lake, or None when there were no rows."""
        if self._writer is None:
            return None
        self._path.replace(self._final)
        fsync_folder(self._final.parent)
        return self.relative


def load_delivery(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    files: list[ExpectedFile],
    warnings: list[str],
) -> list[dict[str, Any]]:
    """Load every file or none; returns the files' part of the commit record. RefusedError when a statement is wrong."""
    drafts: list[tuple[ExpectedFile, FileReport, Draft, Draft]] = []
    try:
        for file in files:
            data, quarantine = _drafts(settings, delivery, file)
            report = FileReport(sums={c.name: Sum(_FEN if c.unit == "fen" else _YUAN) for c in file.contract.summed})
            drafts.append((file, report, data, quarantine))
            _load_file(con, delivery, file, report, data, quarantine, warnings)
            _compare(file, report)
        for _, _, data, quarantine in drafts:
            data.close()
            quarantine.close()
        return [_record(*draft) for draft in drafts]
    except BaseException:
        for _, _, data, quarantine in drafts:
            data.discard()
            quarantine.discard()
        raise


def _drafts(settings: Settings, delivery: Delivery, file: ExpectedFile) -> tuple[Draft, Draft]:
    stem = file.path.name.split(".")[0]
    name = f"{delivery.folder.name}__{stem}{delivery.reading_mark}.parquet"
    return (
        Draft(settings.lake_dir, f"data/{delivery.source}/{file.contract.table}/{name}"),
        Draft(settings.lake_dir, f"quarantine/{delivery.source}/{name}"),
    )


def _load_file(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    file: ExpectedFile,
    report: FileReport,
    data: Draft,
    quarantine: Draft,
    warnings: list[str],
) -> None:
    source = Source(file.path, file.contract, delivery.business_date.isoformat(), warnings.append)
    query = check_query(file.contract)
    good, bad = _good_rows(delivery, file), _bad_rows(delivery, file)
    with progress(f"{delivery.source} {delivery.folder.name} {file.path.name}") as advance:
        for texts in READERS[file.contract.format.kind](source):
            con.register("texts", texts)
            con.execute(f"create or replace temp table checked as {query}")
            con.unregister("texts")
            _count(con, report)
            data.write(con.execute(good).to_arrow_table())
            quarantine.write(con.execute(bad).to_arrow_table())
            advance(texts.num_rows)
    con.execute("drop table if exists checked")


def _count(con: duckdb.DuckDBPyConnection, report: FileReport) -> None:
    """Add one block's counts and control sums to the report."""
    sums = "".join(
        f', coalesce(sum("_sum_{name}") filter ({part}), 0)::{VALUE_OF_SUM}'
        for name in report.sums
        for part in ("_faults = ''", "_faults <> ''")
    )
    found = con.execute(f"select count(*) filter (_faults = ''), count(*) filter (_faults <> ''){sums} from checked").fetchone()
    assert found is not None
    report.rows_loaded += found[0]
    report.rows_quarantined += found[1]
    for column, loaded, quarantined in zip(report.sums.values(), found[2::2], found[3::2], strict=True):
        column.loaded += loaded * column.unit
        column.quarantined += quarantined * column.unit


def _good_rows(delivery: Delivery, file: ExpectedFile) -> str:
    columns = ", ".join(f'"{c.name}"' for c in file.contract.columns)
    scope = lake.scope(file.contract, delivery.source, file.path.name)
    values = {
        "_source_system": _quoted(delivery.source),
        "_business_date": _quoted(delivery.business_date.isoformat()),
        "_revision": str(delivery.revision),
        "_file_name": _quoted(file.path.name),
        "_line": "_line",
        "_key": "_key",
        "_scope": _quoted(scope),
        "_is_full": str(file.is_full).lower(),
    }
    return f"select {columns}, {_typed(values, lake.LINEAGE)} from checked where _faults = ''"


def _bad_rows(delivery: Delivery, file: ExpectedFile) -> str:
    scope = lake.scope(file.contract, delivery.source, file.path.name)
    values = {
        "source_system": _quoted(delivery.source),
        "table_name": _quoted(file.contract.name),
        "business_date": _quoted(delivery.business_date.isoformat()),
        "revision": str(delivery.revision),
        "file_name": _quoted(file.path.name),
        "line_number": "_line",
        "raw": "rtrim(_raw, chr(13) || chr(10))",
        "reasons": f"string_split(_faults, {_quoted(FAULT_SEPARATOR)})",
        "_key": "_key",
        "_scope": _quoted(scope),
    }
    return f"select {_typed(values, lake.QUARANTINE)} from checked where _faults <> ''"


def _typed(values: dict[str, str], types: dict[str, str]) -> str:
    return ", ".join(f"{values[name]}::{kind} as {name}" for name, kind in types.items())


def _compare(file: ExpectedFile, report: FileReport) -> None:
    """Refuse a file whose rows are not what was stated of it."""
    if file.rows is not None and report.rows_read != file.rows:
        raise RefusedError(f"{file.path.name} has {report.rows_read} rows where {file.rows} were stated")
    for name, stated in file.sums.items():
        found = report.sums[name].loaded + report.sums[name].quarantined
        if found != stated:
            raise RefusedError(f"{file.path.name}: the control sum of {name} is {yuan(found)} where {yuan(stated)} was stated")


def _record(file: ExpectedFile, report: FileReport, data: Draft, quarantine: Draft) -> dict[str, Any]:
    return {
        "name": file.path.name,
        "table": file.contract.table,
        "sha256": file.sha256,
        "rows_read": report.rows_read,
        "rows_loaded": report.rows_loaded,
        "rows_quarantined": report.rows_quarantined,
        "sums": {name: _sums(file, name, value) for name, value in report.sums.items()},
        "data": data.publish(),
        "quarantine": quarantine.publish(),
        "is_full": file.is_full,
    }


def _sums(file: ExpectedFile, name: str, found: Sum) -> dict[str, str | None]:
    delivered = yuan(file.sums[name]) if name in file.sums else None
    return {"delivered": delivered, "loaded": yuan(found.loaded), "quarantined": yuan(found.quarantined)}


def yuan(amount: Decimal) -> str:
    """An amount with two decimals, more only where it has them."""
    rounded = amount.quantize(Decimal("0.01"))
    return f"{rounded if rounded == amount else amount.normalize():f}"


def sweep(settings: Settings, source: str, committed: Iterator[str]) -> int:
    """Remove what a killed ingest left: files of a source that no commit record names. Returns how many."""
    named = set(committed)
    found = [path for kind in ("data", "quarantine") for path in (settings.lake_dir / kind / source).rglob("*.p*")]
    leftovers = [p for p in found if p.is_file() and p.relative_to(settings.lake_dir).as_posix() not in named]
    for path in leftovers:
        path.unlink()
    return len(leftovers)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
