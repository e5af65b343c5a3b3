"""What every reader hands on: a table of texts, one row a record, with where it stands and what is wrong already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from warehouse.contract import Contract

# Faults that a reader finds; those of values are found later, all in one query.
NUL_BYTE = "the row holds a NUL byte"
UNDECODABLE = "the row holds bytes that are not {encoding}"
TOO_LONG = "the row is longer than 1 MiB"


@dataclass(frozen=True)
class Source:
    """One file to read."""

    path: Path
    contract: Contract
    business_date: str  # ISO
    warn: Callable[[str], None]


Reader = Callable[[Source], Iterator[pa.Table]]


def schema(contract: Contract) -> pa.Schema:
    """The table of texts of one contract."""
    texts = [(column.name, pa.string()) for column in contract.columns]
    return pa.schema([*texts, ("_line", pa.int64()), ("_raw", pa.string()), ("_faults", pa.string()), ("_readable", pa.bool_())])


@dataclass
class RowList:
    """Rows gathered one by one, for what cannot be read in bulk."""

    contract: Contract

    def __post_init__(self) -> None:
        self._names = schema(self.contract).names
        self._columns: list[list[object]] = [[] for _ in self._names]

    def __len__(self) -> int:
        return len(self._columns[0])

    def add(self, values: Mapping[str, str | None] | None, line: int, raw: str, faults: list[str]) -> None:
        """Add a row; ``values`` is None when its fields cannot be told apart."""
        lineage = {"_line": line, "_raw": raw, "_faults": FAULT_SEPARATOR.join(faults), "_readable": values is not None}
        row = {**(values or {}), **lineage}
        for name, column in zip(self._names, self._columns, strict=True):
            column.append(row.get(name))

    def table(self) -> pa.Table:
        """The rows so far."""
        return pa.table(dict(zip(self._names, self._columns, strict=True)), schema=schema(self.contract))


FAULT_SEPARATOR = "\x1e"
