"""What every writer is given, and the query behind a list's columns."""

from __future__ import annotations

from collections.abc import Iterator
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


@dataclass(frozen=True)
class ListTable:
    """One recipient's lines: where they are, what they are called, and what people need to read them."""

    connection: duckdb.DuckDBPyConnection
    query: str
    columns: tuple[Column, ...]
    as_of: date
    title: str
    recipient_name: str
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    legend: tuple[tuple[str, ...], ...] = ()  # tier, strategy, cadence, service, lines, grades
    compared_with: str = ""  # the list that the recipient accepted last
    left_because: tuple[tuple[str, int], ...] = ()

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in the list's order, in batches, through a cursor of its own: readers do not disturb each other."""
        cursor = self.connection.cursor()
        try:
            result = cursor.execute(self.query)
            while rows := result.fetchmany(BATCH):
                yield rows
        finally:
            cursor.close()
