"""JSON Lines, and files that are one JSON document: strict JSON, typed by the contract, handed on as texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import orjson
import pyarrow as pa

from ingest.formats import text as lines
from ingest.formats.rows import NUL_BYTE, TOO_LONG, UNDECODABLE, RowList, Source
from warehouse.contract import Column

BROKEN = "the row is no JSON"
NO_OBJECT = "the row is no JSON object"

# Which JSON values a column takes; a bool is an int in Python, so types are compared, not asked with isinstance.
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "timestamp": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_AMOUNT_TYPES = (str, int, float)  # money is exact, so it comes as text
_ITEM_TYPES: dict[str, type] = {"string": str, "integer": int, "object": dict}


def read(source: Source, block_bytes: int = lines.BLOCK_BYTES // 2) -> Iterator[pa.Table]:
    """Read a file of one JSON object a line; blank lines are no rows."""
    encoding, readers = source.contract.format.encoding, _readers(source.contract.columns)
    with lines.open_file(source.path, source.contract.format.compression) as stream:
        for block in lines.blocks(stream, encoding, size=block_bytes):
            rows, undecodable = RowList(source.contract), set(block.undecodable)
            for number, line in enumerate(block.text.split(b"\n"), block.first_line):
                record = line.removesuffix(b"\r")
                if record and not record.isspace():
                    faults = [UNDECODABLE.format(encoding=encoding.upper())] if number in undecodable else []
                    _add(rows, record, number, faults, readers)
            yield rows.table()


def read_document(source: Source) -> Iterator[pa.Table]:
    """Read a file that is one JSON object, however it is laid out."""
    rows = RowList(source.contract)
    content = source.path.read_bytes()[: lines.LINE_LIMIT]
    faults = []
    try:
        content.decode()
    except UnicodeError:
        faults, content = [UNDECODABLE.format(encoding="UTF-8")], content.decode("utf-8", "replace").encode()
    _add(rows, content.removeprefix(lines.BYTE_ORDER_MARK), 1, faults, _readers(source.contract.columns))
    yield rows.table()


_Read = Callable[[Any], str]


def _readers(columns: tuple[Column, ...]) -> list[tuple[Column, tuple[type, ...], _Read]]:
    types = {c.name: _AMOUNT_TYPES if c.unit else _TYPES[c.logical_type] for c in columns}
    return [(column, types[column.name], _as_text(column.logical_type)) for column in columns]


def _as_text(logical_type: str) -> _Read:
    match logical_type:
        case "object" | "array":
            return canonical
        case "boolean":
            return lambda value: "true" if value else "false"
        case "number":
            return lambda value: f"{Decimal(repr(value)):f}" if type(value) is float else str(value)
        case _:
            return str


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _add(
    rows: RowList, record: bytes, line: int, faults: list[str], readers: list[tuple[Column, tuple[type, ...], _Read]]
) -> None:
    if b"\0" in record:
        faults = [*faults, NUL_BYTE]
        readable = record.replace(b"\0", b"")  # so that the key can be read
    else:
        readable = record
    if len(record) > lines.ROW_LIMIT:
        faults = [*faults, TOO_LONG]
    try:
        content = _parse(readable)
    except ValueError:
        rows.add(None, line, record.decode(), [*faults, BROKEN])
        return
    if type(content) is not dict:
        rows.add(None, line, record.decode(), [*faults, NO_OBJECT])
        return
    values: dict[str, str | None] = {}
    for column, types, as_text in readers:
        value = content.get(column.name)
        if value is None or value == "" or (column.key_position and value in ({}, [])):
            continue
        if type(value) not in types:
            faults = [*faults, f"{column.name} is {_kind(value)}, not {column.logical_type}"]
            continue
        if column.logical_type == "array" and (fault := _list_fault(column, value)):
            faults = [*faults, fault]
        values[column.name] = as_text(value)
    rows.add(values, line, record.decode(), faults)


_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


def _parse(record: bytes) -> Any:
    """Strict JSON; ValueError otherwise. Half a surrogate pair, which the standard's grammar allows, becomes U+FFFD."""
    try:
        return orjson.loads(record)
    except orjson.JSONDecodeError:
        if not _HALF_CHARACTER.search(record):
            raise
    try:
        whole = json.dumps(json.loads(record, parse_constant=_no_constant), ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return orjson.loads(whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _list_fault(column: Column, items: list[Any]) -> str | None:
    if any(type(item) is not _ITEM_TYPES[column.item_type] for item in items):
        return f"{column.name} has items that are not {column.item_type}"
    if column.codes and not set(items) <= set(column.codes):
        return f"{column.name} has items that are none of {', '.join(column.codes)}"
    return None


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names[type(value)]
