"""Workbooks for people: a cover sheet and the list, every cell typed text, coloured by tier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from exports.formats.table import ListTable, Written

ROWS_PER_FILE = 1_048_575  # Excel's limit less the header
_CREATED = datetime(2000, 1, 1)  # the same list gives the same bytes, whenever it is written
_TIER_COLOURS = {1: "#F8CBAD", 2: "#FFE699", 3: "#C6E0B4", 4: "#BDD7EE", 5: "#EDEDED"}
_LONGEST_CELL = 32_767
_FONT = "Microsoft YaHei"


def write_xlsx(table: ListTable, path: Path, rows_per_file: int = ROWS_PER_FILE) -> list[Written]:
    """Write the list; beyond Excel's row limit further files ``<name>_2.xlsx``, … follow."""
    rows = chain.from_iterable(table.batches())
    written: list[Written] = []
    first = list(islice(rows, 1))
    while first or not written:
        part = path if not written else path.with_stem(f"{path.stem}_{len(written) + 1}")
        count = _write_part(table, part, chain(first, islice(rows, rows_per_file - 1)))
        written.append(Written(part, count))
        first = list(islice(rows, 1))
    return written


def _write_part(table: ListTable, path: Path, rows: Iterator[tuple[Any, ...]]) -> int:
    # No URL, number or formula guessing: a value that starts with = + - @ stays the text that it is.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": table.title, "created": _CREATED})
        _write_cover(book, book.add_worksheet("说明"), table)
        return _write_list(book, book.add_worksheet("名单"), table, rows)


def _write_cover(book: Workbook, sheet: Worksheet, table: ListTable) -> None:
    plain = book.add_format({"font_name": _FONT, "text_wrap": True, "valign": "top"})
    bold = book.add_format({"font_name": _FONT, "bold": True, "valign": "top"})
    title = book.add_format({"font_name": _FONT, "bold": True, "font_size": 16})
    tiers = _tier_formats(book)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 5, 40)
    sheet.hide_gridlines(2)
    lines: list[tuple[tuple[str, ...], Format]] = [
        ((table.title,), title),
        (("接收方", table.recipient_name), plain),
        (("数据日期", table.as_of.isoformat()), plain),
        ((), plain),
        (("层级", "客户数"), bold),
        *(((str(tier), str(count)), tiers.get(_as_tier(tier), plain)) for tier, count in table.totals["tier"].items()),
        ((), plain),
        (("变化", "客户数"), bold),
        *(((change, str(count)), plain) for change, count in table.totals["change"].items()),
        ((), plain),
        (("层级", "名称", "联系频度", "服务内容", "推荐险类", "服务人员等级"), bold),
        *((line, tiers.get(_as_tier(line[0]), plain)) for line in table.legend),
        ((), plain),
        (("列名", "含义", "说明"), bold),
        *(((column.name, column.title, column.meaning), plain) for column in table.columns),
    ]
    for number, (cells, style) in enumerate(lines):
        for position, cell in enumerate(cells):
            sheet.write_string(number, position, cell, style)


def _write_list(book: Workbook, sheet: Worksheet, table: ListTable, rows: Iterator[tuple[Any, ...]]) -> int:
    names = [column.name for column in table.columns]
    tier_at = names.index("tier")
    header = book.add_format({"font_name": _FONT, "bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF"})
    text = book.add_format({"font_name": _FONT, "num_format": "@"})
    tiers = _tier_formats(book)
    for position, column in enumerate(table.columns):
        sheet.set_column(position, position, column.width, text)
        sheet.write_string(0, position, column.name, header)
    sheet.freeze_panes(1, 0)
    write = sheet.write_string
    number = 0
    for number, row in enumerate(rows, start=1):
        style = tiers.get(row[tier_at], text)
        for position, value in enumerate(row):
            if value is not None:
                write(number, position, str(value)[:_LONGEST_CELL], style if position == tier_at else text)
    sheet.autofilter(0, 0, number, len(names) - 1)
    return number


def _tier_formats(book: Workbook) -> dict[int, Format]:
    base = {"font_name": _FONT, "num_format": "@", "text_wrap": False, "valign": "top"}
    return {tier: book.add_format({**base, "bg_color": colour}) for tier, colour in _TIER_COLOURS.items()}


def _as_tier(text: str) -> int:
    return int(text) if text.isdigit() else 0
