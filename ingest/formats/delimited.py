"""Delimited text: CSV by RFC 4180, and files with ``|`` that know no quotes.

Records are found in the bytes of a block with numpy; rows that are as they should be are parsed in bulk by Arrow. Only
odd rows (broken quotes, NUL bytes, undecodable bytes, lone CR, wrong number of fields) are looked at one by one.

A quote means something only at the start of a field. One that never closes spoils its own line, not the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from ingest.formats import text as lines
from ingest.formats.rows import NUL_BYTE, TOO_LONG, UNDECODABLE, RowList, Source, schema
from ingest.refusal import RefusedError
from warehouse.contract import Contract

QUOTE, NEWLINE, CARRIAGE_RETURN = b'"', b"\n", b"\r"
BROKEN_QUOTE = "a quoted field is not closed as it should be"
_LONGEST_RECORD = 8 << 20  # a quoted field that is still open after this many bytes was never meant to be one

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """How fields are separated, and whether they may be quoted."""

    delimiter: bytes
    is_quoted: bool
    fields: int


@dataclass(frozen=True)
class Records:
    """The records of a block: their bounds, and for each whether it must be looked at alone."""

    bounds: Positions  # starts, and the end of the last; what follows belongs to the next block
    fields: Positions  # number of fields; meaningless where odd
    odd: npt.NDArray[np.bool_]
    broken: npt.NDArray[np.bool_]  # a quote is not closed


def read(source: Source, block_bytes: int = lines.BLOCK_BYTES) -> Iterator[pa.Table]:
    """Read a delimited file as tables of texts. RefusedError when its header is not the contract's."""
    form = source.contract.format
    with lines.open_file(source.path, form.compression) as stream:
        columns, first_line = _columns(source, stream)
        dialect = Dialect(form.delimiter.encode(), form.kind == "csv", len(columns))
        rest, rest_line = b"", first_line
        undecodable: tuple[int, ...] = ()
        body: BinaryIO | _Body = stream if form.header != "framed" else _Body(stream, trailer_start(source.path))
        for block in _with_last(lines.blocks(body, form.encoding, first_line, block_bytes)):
            text, is_last = rest + block[0].text, block[1]
            undecodable += block[0].undecodable
            records = split(text, dialect, is_last)
            end = int(records.bounds[-1])
            piece = lines.Block(text[:end], rest_line, undecodable)
            yield _table(source.contract, columns, dialect, piece, records)
            rest, rest_line = text[end:], rest_line + piece.text.count(NEWLINE)
            undecodable = tuple(n for n in undecodable if n >= rest_line)


def _with_last(blocks: Iterator[lines.Block]) -> Iterator[tuple[lines.Block, bool]]:
    """Each block, and whether it is the last."""
    before = next(blocks, None)
    if before is None:
        return
    for block in blocks:
        yield before, False
        before = block
    yield before, True


# --- header and trailer ------------------------------------------------------------------------------------------------


def _columns(source: Source, stream: BinaryIO) -> tuple[list[str | None], int]:
    """Names of the file's columns in its order (None: not in the contract), and the line on which records begin."""
    contract = source.contract
    if contract.format.header == "none":
        return [c.name for c in contract.columns], 1
    first = stream.readline(lines.LINE_LIMIT)
    if contract.format.header == "framed":
        return [c.name for c in contract.columns], 2  # the header record was verified before
    return header_columns(source, first), 2


def header_columns(source: Source, line: bytes) -> list[str | None]:
    """Which contract column each field of a header line is."""
    name, form = source.path.name, source.contract.format
    try:
        text = line.removeprefix(lines.BYTE_ORDER_MARK).decode(form.encoding).rstrip("\r\n")
    except UnicodeError:
        raise RefusedError(f"{name}, line 1: the header is not {form.encoding}") from None
    headers = [field.strip() for field in _fields(text, form.delimiter)] if text else []
    by_header = {header: c.name for c in source.contract.columns for header in c.headers}
    columns = [by_header.get(header) for header in headers]
    missing = [c.headers[0] for c in source.contract.columns if c.name not in columns]
    doubled = sorted({header for header in headers if headers.count(header) > 1 and header in by_header})
    if not any(columns):
        raise RefusedError(f"{name}, line 1: {_not_a_header(text, form.delimiter, by_header)}")
    if missing or doubled:
        faults = [*(f"column {h} is missing" for h in missing), *(f"column {h} is there twice" for h in doubled)]
        raise RefusedError(f"{name}, line 1: in the header {', '.join(faults)}")
    for header in headers:
        if header not in by_header:
            source.warn(f"{name}: column {header} is not in the contract and is left out")
    return columns


def _not_a_header(text: str, delimiter: str, by_header: dict[str, str]) -> str:
    """What is wrong with a line that names no column at all: mostly a spreadsheet saved it with separators of its own."""
    names = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
    found = [d for d in names if d != delimiter and len(by_header.keys() & {field.strip() for field in text.split(d)}) > 1]
    if found:
        return f"its fields are separated by {names[found[0]]} where {names[delimiter]} are agreed"
    return f"it names none of the columns {', '.join(by_header)}"


def trailer_start(path: Path) -> int:
    """Offset of the last line that is not blank."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - 4096, 0))
        tail = file.read().rstrip(b"\r\n\x1a")
    return max(size - 4096, 0) + tail.rfind(NEWLINE) + 1


class _Body:
    """A stream that ends where the trailer record begins."""

    def __init__(self, stream: BinaryIO, end: int) -> None:
        self._stream, self._end = stream, end

    def read(self, size: int, /) -> bytes:
        return self._stream.read(max(min(size, self._end - self._stream.tell()), 0))


# --- records in bytes --------------------------------------------------------------------------------------------------


def split(text: bytes, dialect: Dialect, is_last: bool) -> Records:
    """Find the records of a block. Unless it is the last, an unfinished record at its end is left for the next."""
    array = np.frombuffer(text, np.uint8)
    newlines = np.flatnonzero(array == NEWLINE[0])
    quotes = np.flatnonzero(array == QUOTE[0]) if dialect.is_quoted else newlines[:0]
    if not quotes.size:
        return _records(array, newlines + 1, dialect, quotes, is_last)
    if _is_regular(array, quotes, dialect, is_last):
        outside = np.searchsorted(quotes, newlines) % 2 == 0
        records = _records(array, newlines[outside] + 1, dialect, quotes, is_last)
        if not _may_have_swallowed(records, newlines, dialect, len(text)):
            return records
    return _scan(text, array, newlines, quotes, dialect, is_last)


def _is_regular(array: npt.NDArray[np.uint8], quotes: Positions, dialect: Dialect, is_last: bool) -> bool:
    """Whether every quote opens at a field's start, closes at a field's end, or is one of a doubled pair."""
    opens, closes = quotes[0::2], quotes[1::2]
    if is_last and len(opens) > len(closes):
        return False
    delimiter, padded = dialect.delimiter[0], np.concatenate([array[-1:], array, array[:1]])
    padded[0] = padded[-1] = NEWLINE[0]
    before, after = padded[opens], padded[closes + 2]
    is_second = np.zeros(len(opens), bool)
    is_second[1:] = opens[1:] == closes[: len(opens) - 1] + 1
    opens_well = (before == delimiter) | (before == NEWLINE[0]) | is_second
    is_first = np.zeros(len(closes), bool)
    paired = opens[1 : len(closes) + 1]
    is_first[: len(paired)] = paired == closes[: len(paired)] + 1
    ends_line = (after == CARRIAGE_RETURN[0]) & (padded[np.minimum(closes + 3, len(padded) - 1)] == NEWLINE[0])
    closes_well = (after == delimiter) | (after == NEWLINE[0]) | ends_line | is_first
    return bool(opens_well.all() and closes_well.all())


def _may_have_swallowed(records: Records, newlines: Positions, dialect: Dialect, size: int) -> bool:
    """Whether a record of several lines has a wrong number of fields, or an open one has become very long."""
    first, last = np.searchsorted(newlines, records.bounds[:-1]), np.searchsorted(newlines, records.bounds[1:] - 1)
    return bool(((last > first) & (records.fields != dialect.fields)).any()) or (size - int(records.bounds[-1]) > _LONGEST_RECORD)


def _records(array: npt.NDArray[np.uint8], ends: Positions, dialect: Dialect, quotes: Positions, is_last: bool) -> Records:
    """Count the fields of regular records."""
    if is_last and len(array) and (not ends.size or ends[-1] < len(array)):
        ends = np.append(ends, len(array))
    bounds = np.concatenate([[0], ends]).astype(np.int64)
    delimiters = np.flatnonzero(array == dialect.delimiter[0])
    if quotes.size:
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    fields = np.diff(np.searchsorted(delimiters, bounds)) + 1
    nothing = np.zeros(len(ends), bool)
    return Records(bounds, fields, nothing, nothing)


def _scan(
    text: bytes, array: npt.NDArray[np.uint8], newlines: Positions, quotes: Positions, dialect: Dialect, is_last: bool
) -> Records:
    """The same, record by record, for a block with irregular quotes."""
    ends: list[int] = []
    odd: list[int] = []
    broken: list[int] = []
    position = 0
    while position < len(text):
        following = int(np.searchsorted(quotes, position))
        quote = int(quotes[following]) if following < len(quotes) else len(text)
        plain = newlines[np.searchsorted(newlines, position) : np.searchsorted(newlines, quote)] + 1
        ends.extend(plain.tolist())
        position = ends[-1] if ends else 0
        if quote == len(text):
            break
        end = _record_end(text, position, dialect, is_last)
        if end is None:
            break
        odd.append(len(ends))
        if end < 0:
            broken.append(len(ends))
            line = int(np.searchsorted(newlines, position))
            end = int(newlines[line]) + 1 if line < len(newlines) else len(text)
        ends.append(end)
        position = end
    if is_last and len(text) and (not ends or ends[-1] < len(text)):
        ends.append(len(text))
    records = _records(array, np.array(ends, np.int64), dialect, quotes[:0], False)
    flags = np.zeros((2, len(ends)), bool)
    flags[0, odd], flags[1, broken] = True, True
    return Records(records.bounds, records.fields, flags[0], flags[1])


@cache
def _patterns(delimiter: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A whole record, and a record whose last field is a quoted one that is still open at the end of the text."""
    d = re.escape(delimiter)
    field = rb'(?:"(?:[^"]++|"")*+"|[^"\n%b][^\n%b]*+|)' % (d, d)
    # A closing CR belongs to the line end; after a bare field it is eaten with the field, which does not matter here.
    record = rb"%b(?:%b%b)*+(?:\r?\n|\Z)" % (field, d, field)
    unfinished = rb'(?:%b%b)*"(?:[^"]++|"")*+"?\Z' % (field, d)
    return re.compile(record), re.compile(unfinished)


def _record_end(text: bytes, start: int, dialect: Dialect, is_last: bool) -> int | None:
    """Where the record that starts here ends; -1 when its quotes are broken, None when more text must be seen."""
    record, unfinished = _patterns(dialect.delimiter)
    limit = min(start + _LONGEST_RECORD, len(text))
    line_end = text.find(NEWLINE, start) + 1 or len(text)
    found = record.match(text, start, limit)
    if found and (is_last or found.end() < len(text) or text.endswith(NEWLINE)):
        swallowed = found.end() > line_end and _has_swallowed(text[start : found.end()], dialect)
        return -1 if swallowed else found.end()
    if not is_last and limit == len(text) and unfinished.match(text, start):
        return None
    return -1


def _has_swallowed(record: bytes, dialect: Dialect) -> bool:
    """Whether a record of several lines has a wrong number of fields and its second line alone the right one."""
    second = record.split(NEWLINE, 2)[1].decode().rstrip("\r")
    delimiter = dialect.delimiter.decode()
    return (
        len(_fields(record.decode().rstrip("\r\n"), delimiter)) != dialect.fields
        and second.count(delimiter) + 1 == dialect.fields
    )


def _fields(record: str, delimiter: str) -> list[str]:
    """The fields of one sound record without its line end."""
    d = re.escape(delimiter)
    found = re.findall(rf'(?:^|{d})(?:"((?:[^"]|"")*)"(?={d}|\Z)|([^{d}]*))', record, re.DOTALL) if record else [("", "")]
    return [quoted.replace('""', '"') or bare for quoted, bare in found]


# --- from records to a table of texts ----------------------------------------------------------------------------------


def _table(contract: Contract, columns: list[str | None], dialect: Dialect, block: lines.Block, records: Records) -> pa.Table:
    """Parse the sound records in bulk and the odd ones one by one."""
    array, bounds = np.frombuffer(block.text, np.uint8), records.bounds
    newlines = np.flatnonzero(array == NEWLINE[0])
    numbers = np.searchsorted(newlines, bounds[:-1]) + block.first_line
    size = _sizes(array, bounds)
    odd, faults = _odd_records(array, block, records, numbers, size, contract)
    odd |= records.fields != dialect.fields
    sound = ~odd & (size > 0)
    raw = _texts(block.text, bounds)
    slow = RowList(contract)
    for i in np.flatnonzero(odd & (size > 0)).tolist():
        record = block.text[bounds[i] : bounds[i] + size[i]].decode()
        _add_odd(slow, columns, dialect, record, int(numbers[i]), bool(records.broken[i]), faults.get(i, []))
    fast = _parse(contract, columns, dialect, raw.filter(pa.array(sound)), numbers[sound])
    return pa.concat_tables([fast, slow.table()]) if len(slow) else fast


def _sizes(array: npt.NDArray[np.uint8], bounds: Positions) -> Positions:
    """Bytes of each record without its line end."""
    size = np.diff(bounds)
    for end in (NEWLINE, CARRIAGE_RETURN):
        last = np.maximum(bounds[:-1] + size - 1, 0)
        size = size - ((size > 0) & (array[last] == end[0] if len(array) else False))
    return size


def _odd_records(
    array: npt.NDArray[np.uint8],
    block: lines.Block,
    records: Records,
    numbers: Positions,
    size: Positions,
    contract: Contract,
) -> tuple[npt.NDArray[np.bool_], dict[int, list[str]]]:
    """Which records must be looked at one by one, and the faults that their bytes have."""
    encoding, odd = contract.format.encoding, records.odd.copy()
    faults: dict[int, list[str]] = {}

    def mark(indices: Positions, fault: str | None) -> None:
        odd[indices] = True
        for i in np.unique(indices).tolist() if fault else ():
            faults.setdefault(i, []).append(str(fault))

    def holding(positions: Positions) -> Positions:
        inside = positions[positions < records.bounds[-1]]
        return np.searchsorted(records.bounds, inside, side="right") - 1

    mark(holding(np.flatnonzero(array == 0)), NUL_BYTE)
    returns = np.flatnonzero(array == CARRIAGE_RETURN[0])
    mark(holding(returns[array[np.minimum(returns + 1, len(array) - 1)] != NEWLINE[0]]), None)
    bad_lines = np.array(block.undecodable, np.int64)
    mark(np.searchsorted(numbers, bad_lines, side="right") - 1, UNDECODABLE.format(encoding=encoding.upper()))
    long = [
        i
        for i in np.flatnonzero(size * 2 > lines.ROW_LIMIT).tolist()
        if lines.is_too_long(block.text[records.bounds[i] : records.bounds[i] + size[i]], encoding)
    ]
    mark(np.array(long, np.int64), TOO_LONG)
    mark(np.flatnonzero(records.broken), BROKEN_QUOTE)
    return odd, faults


def _texts(text: bytes, bounds: Positions) -> pa.Array:
    """The records as one Arrow array over the block's own bytes."""
    return pa.Array.from_buffers(pa.string(), len(bounds) - 1, [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(text)])


def _add_odd(
    rows: RowList, columns: list[str | None], dialect: Dialect, record: str, line: int, broken: bool, faults: list[str]
) -> None:
    delimiter = dialect.delimiter.decode()
    readable = record.replace("\0", "")
    # The fields of a row with broken quotes are still told apart when the delimiters alone give the right number.
    fields = readable.split(delimiter) if broken or not dialect.is_quoted else _fields(readable, delimiter)
    if len(fields) != dialect.fields:
        if not broken:
            faults = [*faults, f"the row has {len(fields)} fields instead of {dialect.fields}"]
        rows.add(None, line, record, faults)
        return
    values = {name: value or None for name, value in zip(columns, fields, strict=True) if name}
    rows.add(values, line, record, faults)


def _parse(contract: Contract, columns: list[str | None], dialect: Dialect, raw: pa.Array, numbers: Positions) -> pa.Table:
    """Parse sound records in bulk; an empty field is null."""
    if not len(raw):
        return schema(contract).empty_table()
    # Filtering made the offsets begin at 0 and the data have no gaps: the buffer is the file without its odd rows.
    content = raw.buffers()[2].slice(0, int(np.frombuffer(raw.buffers()[1], np.int32)[len(raw)]))
    names = [name or f"_{i}" for i, name in enumerate(columns)]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(content) + 1, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter.decode(),
            quote_char=QUOTE.decode() if dialect.is_quoted else False,
            newlines_in_values=dialect.is_quoted,
            ignore_empty_lines=False,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[c.name for c in contract.columns],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    lineage = {
        "_line": pa.array(numbers, pa.int64()),
        "_raw": raw,
        "_faults": pa.nulls(len(raw), pa.string()),
        "_readable": pa.repeat(pa.scalar(True), len(raw)),
    }
    for name, values in lineage.items():
        table = table.append_column(name, values)
    return table.cast(schema(contract))
