"""Workbooks for people: a cover sheet and the list, every cell typed text, coloured by tier."""

from __future__ import annotations

from collections import Counter
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
_CHANGE_COLOURS = {"NEW": "#00703C", "CHANGED": "#B35900", "SAME": "#7F7F7F", "REMOVED": "#C00000"}
_CHANGE_NAMES = {"NEW": "新增", "CHANGED": "有变化", "SAME": "不变", "REMOVED": "移出"}
_DARK = "#1F4E78"
_LONGEST_CELL = 32_767
_FONT = "Microsoft YaHei"


def write_xlsx(table: ListTable, path: Path, rows_per_file: int = ROWS_PER_FILE) -> list[Written]:
    """Write the list; beyond Excel's row limit further files ``<name>_2.xlsx``, … follow."""
    rows = chain.from_iterable(table.batches())
    written: list[Written] = []
    first = list(islice(rows, 1))
    while first or not written:
        part = path if not written else path.with_stem(f"{path.stem}_{len(written) + 1}")
        totals = _write_part(table, part, chain(first, islice(rows, rows_per_file - 1)))
        written.append(Written(part, sum(totals["change"].values()), totals=totals))
        first = list(islice(rows, 1))
    return written


def _write_part(table: ListTable, path: Path, rows: Iterator[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    # No URL, number or formula guessing: a value that starts with = + - @ stays the text that it is.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": table.title, "created": _CREATED})
        styles = _Styles(book)
        _write_cover(book.add_worksheet("说明"), styles, table)
        return _write_list(book.add_worksheet("名单"), styles, table, rows)


class _Styles:
    """Cell formats of one workbook."""

    def __init__(self, book: Workbook) -> None:
        base = {"font_name": _FONT, "valign": "top"}
        self.text = book.add_format({**base, "num_format": "@"})
        self.wrapped = book.add_format({**base, "text_wrap": True})
        self.bold = book.add_format({**base, "bold": True})
        self.title = book.add_format({**base, "bold": True, "font_size": 16})
        self.heading = book.add_format({**base, "bold": True, "font_size": 12, "font_color": _DARK})
        self.header = book.add_format({**base, "bold": True, "bg_color": _DARK, "font_color": "#FFFFFF", "text_wrap": True})
        self.tier = {tier: book.add_format({**base, "num_format": "@", "bg_color": hue}) for tier, hue in _TIER_COLOURS.items()}
        self.tier_wrapped = {
            tier: book.add_format({**base, "text_wrap": True, "bg_color": hue}) for tier, hue in _TIER_COLOURS.items()
        }
        self.change = {
            change: book.add_format({**base, "num_format": "@", "bold": True, "font_color": hue})
            for change, hue in _CHANGE_COLOURS.items()
        }


_Line = tuple[tuple[str, ...], Format]


def _write_cover(sheet: Worksheet, styles: _Styles, table: ListTable) -> None:
    """What a reader needs before the list: whose it is, as of when, how many, what to do with each tier, what changed."""
    for position, width in enumerate((19, 18, 12, 9, 12, 44, 26, 14)):
        sheet.set_column(position, position, width)
    sheet.hide_gridlines(2)
    _set_page(sheet)
    blank: _Line = ((), styles.text)
    lines: list[_Line] = [
        ((table.title,), styles.title),
        (("接收方", table.recipient_name), styles.text),
        (("数据日期", table.as_of.isoformat()), styles.text),
        (("客户数", str(sum(table.totals["tier"].values()))), styles.text),
        (("比较基准", table.compared_with or "尚无已确认的名单，全部为新增"), styles.text),
        blank,
        *_tier_lines(styles, table),
        blank,
        *_change_lines(styles, table),
        blank,
        (("各列说明",), styles.heading),
        (("列名", "含义", "说明"), styles.header),
        *(((column.name, column.title, column.meaning), styles.text) for column in table.columns),
        blank,
        (
            ("没有营销同意的客户只提供服务，不推荐产品。收到后请用 customer_ref 回执。本名单含个人信息，仅限接收方使用。",),
            styles.bold,
        ),
    ]
    sheet.set_default_row(18)
    sheet.set_row(0, 30)
    for number, (cells, style) in enumerate(lines):
        for position, cell in enumerate(cells):
            sheet.write_string(number, position, cell, style)


def _tier_lines(styles: _Styles, table: ListTable) -> Iterator[_Line]:
    counts = table.totals["tier"]
    total = sum(counts.values())
    yield ("各层级的客户与经营策略",), styles.heading
    yield ("层级", "策略", "客户数", "占比", "联系频度", "服务内容", "推荐险类", "服务人员等级"), styles.header
    for tier, strategy, *rest in table.legend:
        count = counts.get(tier, 0)
        share = f"{count / total:.1%}" if total else ""
        yield (tier, strategy, str(count), share, *rest), styles.tier_wrapped.get(int(tier), styles.wrapped)


def _change_lines(styles: _Styles, table: ListTable) -> Iterator[_Line]:
    yield ("与最近一次已确认名单相比",), styles.heading
    yield ("变化", "含义", "客户数"), styles.header
    for change, count in table.totals["change"].items():
        yield (change, _CHANGE_NAMES[change], str(count)), styles.text
    for reason, count in table.left_because:
        yield ("", f"移出：{reason}", str(count)), styles.text


def _write_list(
    sheet: Worksheet, styles: _Styles, table: ListTable, rows: Iterator[tuple[Any, ...]]
) -> dict[str, dict[str, int]]:
    """Write the lines; returns how many of each tier and change they are."""
    names = [column.name for column in table.columns]
    tier_at, change_at = names.index("tier"), names.index("change")
    coloured = {tier_at, names.index("tier_name")}
    for position, column in enumerate(table.columns):
        sheet.set_column(position, position, column.width, styles.text)
        sheet.write_string(0, position, column.name, styles.header)
    sheet.freeze_panes(1, 0)
    _set_page(sheet)
    sheet.set_default_row(17)
    sheet.repeat_rows(0)
    write, text = sheet.write_string, styles.text
    number = 0
    counts: dict[str, Counter[Any]] = {"tier": Counter(), "change": Counter()}
    for number, row in enumerate(rows, start=1):
        counts["tier"][row[tier_at]] += 1
        counts["change"][row[change_at]] += 1
        tier_style = styles.tier.get(row[tier_at], text)
        for position, value in enumerate(row):
            if value is None:
                continue
            style = tier_style if position in coloured else styles.change[value] if position == change_at else text
            write(number, position, str(value)[:_LONGEST_CELL], style)
    sheet.autofilter(0, 0, number, len(names) - 1)
    return {
        "tier": {str(tier): counts["tier"][tier] for tier in range(1, 6)},
        "change": {change: counts["change"][change] for change in _CHANGE_NAMES},
    }


def _set_page(sheet: Worksheet) -> None:
    """Printed, a list is as wide as the paper and says on each page which it is; opened, it warns of nothing."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # they are codes, not numbers
    sheet.set_footer("&L含个人信息，仅限接收方使用&C&A&R&P / &N")
