"""Source contracts: the only description of what the source systems deliver.

Each ``contracts/<group>/<table>.yaml`` is one Open Data Contract Standard document; this module reads them into small
frozen objects, so that nothing else knows how the YAML is laid out. docs/contracts.md tells how one is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from warehouse.errors import GlifeError

CONTRACTS_DIR = Path(__file__).resolve().parent.parent / "contracts"

Mark = Literal["manifest", "ready", "quiet", "renamed"]
Mode = Literal["full", "delta", "as_stated"]


@dataclass(frozen=True)
class Column:
    """One column: how it is named in the file, what it must hold, and its type in the lake."""

    name: str
    headers: tuple[str, ...]  # names in the file; the first is preferred when several are there
    logical_type: str
    item_type: str  # of a list
    lake_type: str
    key_position: int  # from 1; 0: no part of the key
    required: bool
    codes: tuple[str, ...]
    separator: str  # of a list written in one text
    not_negative: bool
    date_formats: tuple[str, ...]
    unit: str
    classification: str


@dataclass(frozen=True)
class Format:
    """How a file is written."""

    kind: Literal["csv", "pipe", "jsonl", "json", "workbook"]
    encoding: str = "utf-8"
    delimiter: str = ","
    compression: str = ""
    header: Literal["names", "framed", "none"] = "names"
    file_type: str = ""  # stated in the header record of a framed file
    trim: str = ""
    null_date: str = ""
    totals: tuple[str, ...] = ()  # words that end the rows of a workbook
    record_id: bool = False  # rows have no key of their own: sources.md §5


@dataclass(frozen=True)
class Contract:
    """One source table."""

    group: str
    table: str
    file_name: str  # with {placeholders}
    sources: tuple[str, ...]
    format: Format
    mark: Mark
    mode: Mode
    append_only: bool
    control_sums: tuple[str, ...]
    required_any_of: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """The table's name in schema ``lake``."""
        return f"{self.group}__{self.table}"

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(sorted((c for c in self.columns if c.key_position), key=lambda c: c.key_position))

    @property
    def summed(self) -> tuple[Column, ...]:
        """The columns with a control sum."""
        return tuple(c for c in self.columns if c.name in self.control_sums)

    @property
    def is_per_file(self) -> bool:
        """Every file is full for itself (broker workbooks)."""
        return self.format.kind == "workbook"

    def match(self, file_name: str) -> dict[str, str] | None:
        """The placeholders' values when ``file_name`` is a file of this table, else None."""
        found = re.fullmatch(_pattern(self.file_name), file_name)
        return found.groupdict() if found else None


@cache
def _pattern(file_name: str) -> str:
    """A regular expression of a file name with placeholders."""
    literal = re.split(r"\{(\w+)\}", file_name)
    digits = {"yyyymmdd": r"\d{8}"}
    parts = (re.escape(part) if i % 2 == 0 else f"(?P<{part}>{digits.get(part, r'[^/]+?')})" for i, part in enumerate(literal))
    return "".join(parts)


@cache
def contracts() -> tuple[Contract, ...]:
    """All contracts, in the order of their files' names. Raises GlifeError when one is broken."""
    return tuple(read_contract(path) for path in sorted(CONTRACTS_DIR.glob("*/*.yaml")))


def contract(name: str) -> Contract:
    """The contract of the lake table ``<group>__<table>``."""
    return next(c for c in contracts() if c.name == name)


def of_source(source: str) -> tuple[Contract, ...]:
    """The contracts of the tables that a source delivers; none for an unknown source."""
    return tuple(c for c in contracts() if source in c.sources)


def sources() -> tuple[str, ...]:
    """All source systems that have a contract."""
    return tuple(sorted({source for c in contracts() for source in c.sources}))


def read_contract(path: Path) -> Contract:
    """Read one contract file. Raises GlifeError that names the file when it is no contract."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        (table,) = document["schema"]
        custom = _custom(table)
        return Contract(
            group=document["dataProduct"],
            table=table["name"],
            file_name=table["physicalName"],
            sources=tuple(custom["sources"]),
            format=_format(custom["format"]),
            mark=custom["completionMark"],
            mode=custom["mode"],
            append_only=custom.get("appendOnly", False),
            control_sums=tuple(custom.get("controlSums", ())),
            required_any_of=tuple(custom.get("requiredAnyOf", ())),
            columns=tuple(_column(c) for c in table["properties"]),
        )
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise GlifeError(f"this is no contract ({error})", str(path), "see docs/contracts.md") from None


def _custom(element: dict[str, Any]) -> dict[str, Any]:
    return {p["property"]: p["value"] for p in element.get("customProperties", ())}


def _format(given: dict[str, Any]) -> Format:
    names = {"fileType": "file_type", "nullDate": "null_date", "recordId": "record_id"}
    values: dict[str, Any] = {names.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return Format(**values)


def _column(given: dict[str, Any]) -> Column:
    custom, options = _custom(given), given.get("logicalTypeOptions", {})
    return Column(
        name=given["name"],
        headers=(given.get("physicalName", given["name"]), *custom.get("aliases", ())),
        logical_type=given["logicalType"],
        item_type=given.get("items", {}).get("logicalType", ""),
        lake_type=given["physicalType"],
        key_position=given.get("primaryKeyPosition", 0),
        required=given.get("required", False),
        codes=tuple(str(code["value"]) for code in given.get("enum", ())),
        separator=custom.get("listSeparator", ""),
        not_negative=options.get("minimum") == 0,
        date_formats=tuple(custom.get("dateFormats", [options.get("format", "yyyy-MM-dd")])),
        unit=custom.get("unit", ""),
        classification=given["classification"],
    )
