"""Hand-made Excel workbooks: the header anywhere, by any alias, columns in any order, notes and totals around the rows."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from ingest.formats.rows import NUL_BYTE, TOO_LONG, RowList, Source
from ingest.formats.text import ROW_LIMIT
from ingest.refusal import RefusedError
from warehouse.contract import Column, Contract

_ROWS_A_TABLE = 20_000
_TEN_THOUSAND = Decimal(10_000)
_UNIT_IN_HEADER = re.compile(r"[（(]([^（）()]*)[)）]$")
_UNITS = {"元": Decimal(1), "万元": _TEN_THOUSAND, "万": _TEN_THOUSAND, "yuan": Decimal(1), "10000 yuan": _TEN_THOUSAND}
_AMOUNT = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(万?)元?")
_LAST_SERIAL = 2_958_465  # 9999-12-31; greater numbers are dates written like 20260131

Cells = tuple[Any, ...]


def read(source: Source) -> Iterator[pa.Table]:
    """Read the first sheet in which the header is found. RefusedError when the file is no workbook or has no header."""
    try:
        book = openpyxl.load_workbook(source.path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ParseError, ValueError, OSError, EOFError):
        raise RefusedError(f"{source.path.name} is no Excel workbook (.xlsx)") from None
    try:
        yield from _tables(source, book)
    except (zipfile.BadZipFile, ParseError, EOFError):
        raise RefusedError(f"{source.path.name} is a damaged workbook") from None
    finally:
        book.close()


def _tables(source: Source, book: openpyxl.Workbook) -> Iterator[pa.Table]:
    sheet, header_row, columns, scales = _find_header(source, book)
    derived = source.contract.match(source.path.name) or {}
    rows = RowList(source.contract)
    for number, cells in _data_rows(_rows(sheet), header_row, source.contract.format.totals):
        texts = {name: cells[at] if at < len(cells) else None for name, at in columns.items()}
        raw = "\t".join(_text(cell) for cell in cells)
        values = {
            c.name: _value(c, texts[c.name], book.epoch, scales[c.name]) for c in source.contract.columns if c.name in texts
        }
        values |= derived
        if source.contract.format.record_id:
            values["source_record_id"] = record_id(derived["partner_code"], texts)
        rows.add(values, number, raw, _faults(raw))
        if len(rows) == _ROWS_A_TABLE:
            yield rows.table()
            rows = RowList(source.contract)
    yield rows.table()


def _rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    """Every row of a sheet with its number; the sheet's own statement of its size is often wrong."""
    sheet.reset_dimensions()
    return enumerate(sheet.iter_rows(values_only=True), 1)


# --- header and end ----------------------------------------------------------------------------------------------------


def _find_header(source: Source, book: openpyxl.Workbook) -> tuple[Any, int, dict[str, int], dict[str, Decimal]]:
    """The sheet, row, columns and units of the header: the first row that names every column of the contract.

    Hidden sheets come last: they hold templates and old versions.
    """
    wanted = [c for c in source.contract.columns if not _is_derived(c, source.contract)]
    nearest: tuple[int, str] = (1, "no row names the contract's columns")
    for sheet in sorted(book.worksheets, key=lambda s: s.sheet_state != "visible"):
        for number, cells in _rows(sheet):
            columns = _columns(wanted, cells)
            if len(columns) == len(wanted):
                _require_single(source, number, cells, columns)
                return sheet, number, columns, {c.name: _scale(c, cells[columns[c.name]]) for c in wanted}
            if len(columns) > max(nearest[0], len(wanted) // 2):
                missing = ", ".join(c.headers[0] for c in wanted if c.name not in columns)
                nearest = (len(columns), f"in the header (sheet {sheet.title}, row {number}) {missing} is missing")
    raise RefusedError(f"{source.path.name}: {nearest[1]}")


def _is_derived(column: Column, contract: Contract) -> bool:
    """Columns of a customers workbook that stand in no cell: the partner (file name) and the record id."""
    return contract.format.record_id and column.name in ("partner_code", "source_record_id")


def _columns(wanted: list[Column], cells: Cells) -> dict[str, int]:
    headers = [_header(cell) for cell in cells]
    return {
        column.name: headers.index(header)
        for column in wanted
        for header in [next((h for h in column.headers if h in headers), None)]
        if header
    }


def _header(cell: Any) -> str:
    """A header cell without blanks and without a unit in brackets."""
    return _UNIT_IN_HEADER.sub("", re.sub(r"\s+", "", cell)) if isinstance(cell, str) else ""


def _scale(column: Column, header: str) -> Decimal:
    """What turns the header's unit of money, where it states another than the contract's, into the contract's."""
    found = _UNIT_IN_HEADER.search(re.sub(r"\s+", "", header))
    stated, agreed = _UNITS.get(found[1]) if found else None, _UNITS.get(column.unit)
    return stated / agreed if stated and agreed else Decimal(1)


def _require_single(source: Source, number: int, cells: Cells, columns: dict[str, int]) -> None:
    headers = [_header(cell) for cell in cells]
    doubled = sorted({headers[at] for at in columns.values() if headers.count(headers[at]) > 1})
    if doubled:
        raise RefusedError(f"{source.path.name}, row {number}: in the header {', '.join(doubled)} is there twice")


def _data_rows(rows: Iterator[tuple[int, Cells]], header_row: int, totals: tuple[str, ...]) -> Iterator[tuple[int, Cells]]:
    """The rows between the header and the total row, or a lone text after a blank row."""
    after_blank = False
    for number, cells in rows:
        if number <= header_row:
            continue
        filled = [cell for cell in cells if not _is_blank(cell)]
        if not filled:
            after_blank = True
            continue
        if any(isinstance(cell, str) and cell.strip() in totals for cell in filled):
            return
        if after_blank and len(filled) == 1 and isinstance(filled[0], str):
            return
        after_blank = False
        yield number, cells


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


# --- cells -------------------------------------------------------------------------------------------------------------


def _text(cell: Any) -> str:
    """A cell as text: numbers as plain digits, dates (a time of day is left out) as YYYY-MM-DD, nothing as ''."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).upper()
        case int():
            return str(cell)
        case float():
            # 15 digits are what a sheet holds; more is noise of the binary form.
            return str(int(cell)) if cell.is_integer() else f"{Decimal(f'{cell:.15g}'):f}"
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def record_id(partner_code: str, cells: dict[str, Any]) -> str | None:
    """The id of a customer row (sources.md §5): the policy number, or a hash of what names the person."""
    if not _is_blank(cells["policy_no"]):
        return f"{partner_code}:{_text(cells['policy_no'])}"
    named = [_text(cells[name]) for name in ("name", "id_number", "mobile", "birth_date")]
    if not any(named):
        return None
    return f"{partner_code}:{hashlib.sha256('|'.join(named).encode()).hexdigest()[:16]}"


def _value(column: Column, cell: Any, epoch: datetime, scale: Decimal) -> str | None:
    """A cell as the text that the contract's type takes; left as it is when it does not fit, for the check to find."""
    if _is_blank(cell):
        return None
    if column.logical_type == "date":
        return _date(cell, epoch)
    text = _text(cell)
    if column.logical_type in ("number", "integer"):
        return _amount(text.strip(), scale)
    return text.strip() if column.codes else text


def _date(cell: Any, epoch: datetime) -> str:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 0 < cell <= _LAST_SERIAL:
        moment = from_excel(int(cell), epoch)
        return moment.date().isoformat() if isinstance(moment, datetime) else str(cell)
    return _text(cell).strip()


def _amount(text: str, scale: Decimal) -> str:
    """``12.5万`` is 125000; thousands separators are left out; ``scale`` is for cells without a unit of their own."""
    found = _AMOUNT.fullmatch(re.sub(r"\s", "", text))
    if not found:
        return text
    number = Decimal(found[1].replace(",", ""))
    return f"{number * (_TEN_THOUSAND if found[2] else scale):f}"


def _faults(raw: str) -> list[str]:
    faults = [NUL_BYTE] if "\0" in raw else []
    return [*faults, TOO_LONG] if len(raw.encode("utf-8", "replace")) > ROW_LIMIT else faults
