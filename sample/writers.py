"""The formats of sources.md: lines to bytes, workbooks, manifests. Same rows, same bytes."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import polars as pl

BROKEN_BYTES = "\x01BROKEN\x01"  # stands for bytes that no encoding reads; replaced when the line is encoded
ROWS_PER_PART = 100_000


@dataclass
class WrittenFile:
    """What was written, and what a correct reader makes of it."""

    name: str
    rows: int
    sha256: str
    sums: dict[str, dict[str, str]]
    bad: list[tuple[int, int, str]] = field(default_factory=list)  # line number, record number, why


def csv_fields(frame: pl.DataFrame) -> pl.Series:
    """RFC 4180 records without their line end; null is empty."""
    cells = []
    for name in frame.columns:
        text = pl.col(name).cast(pl.String).fill_null("")
        quoted = pl.concat_str(pl.lit('"'), text.str.replace_all('"', '""', literal=True), pl.lit('"'))
        cells.append(pl.when(text.str.contains('[",\n\r]')).then(quoted).otherwise(text))
    return frame.select(pl.concat_str(cells, separator=",").alias("line")).to_series()


def pipe_fields(frame: pl.DataFrame) -> pl.Series:
    """Fields between bars, unquoted; null is empty."""
    cells = [pl.col(name).cast(pl.String).fill_null("") for name in frame.columns]
    return frame.select(pl.concat_str(cells, separator="|").alias("line")).to_series()


def encoded(lines: pl.Series, end: str, encoding: str) -> Iterator[bytes]:
    """The lines as bytes, in parts of bounded size."""
    for start in range(0, lines.len(), ROWS_PER_PART):
        text = end.join(lines.slice(start, ROWS_PER_PART).to_list()) + end
        yield text.encode(encoding).replace(BROKEN_BYTES.encode(), b"\xc5\xce\xff\xff")


def write_parts(path: Path, parts: Iterator[bytes], is_gzip: bool) -> str:
    """Writes the parts (gzip without a time stamp) and returns the file's sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        if is_gzip:
            with gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as packed:
                for part in parts:
                    packed.write(part)
        else:
            for part in parts:
                file.write(part)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def decimal_sum(values: pl.Series, digits: int = 2) -> Decimal:
    """Exact sum of the numbers among the texts; others add nothing."""
    total = values.str.strip_chars().cast(pl.Decimal(20, digits), strict=False).sum()
    return Decimal(total or 0).quantize(Decimal(10) ** -digits)


def write_manifest(
    folder: Path, source: str, business_date: str, *, mode: str, produced_at: str, files: list[dict[str, object]]
) -> None:
    """`_manifest.json`, written last."""
    body = {"source": source, "business_date": business_date, "mode": mode, "produced_at": produced_at, "files": files}
    (folder / "_manifest.json").write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")


def stable_number(*parts: str) -> int:
    """A number that is the same in every process."""
    return zlib.crc32("|".join(parts).encode())
