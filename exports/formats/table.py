"""What every writer is given: one recipient's lines as a Parquet file, so that a writer can be a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from exports.audience import Column

BATCH = 20_000


@dataclass(frozen=True)
class Written:
    """A data file, its lines, and where characters had to be replaced."""

    path: Path
    rows: int
    replaced: tuple[dict[str, Any], ...] = ()
    totals: dict[str, dict[str, int]] | None = None  # of a part; a whole list's are the list's own


@dataclass(frozen=True)
class ListTable:
    """One recipient's lines: where they are, what they are called, and what people need to read them."""

    rows: Path
    columns: tuple[Column, ...]
    as_of: date
    title: str
    recipient_name: str
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    legend: tuple[tuple[str, ...], ...] = ()  # tier, strategy, cadence, service, lines, grades
    compared_with: str = ""  # the list that the recipient accepted last
    left_because: tuple[tuple[str, int], ...] = ()

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in the list's order, in batches."""
        with self.connect() as connection:
            result = connection.execute(self.query)
            while rows := result.fetchmany(BATCH):
                yield rows

    @property
    def query(self) -> str:
        return f"from read_parquet('{quoted(self.rows)}')"

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of the writer's own, which takes one thread: writers run side by side."""
        with duckdb.connect(config={"threads": 1, "memory_limit": "512MiB"}) as connection:
            connection.execute("set enable_progress_bar = false")  # DuckDB takes a spawned process for a person's prompt
            yield connection


def quoted(path: Path) -> str:
    """The path as it stands between quotes in SQL."""
    return str(path).replace("'", "''")
