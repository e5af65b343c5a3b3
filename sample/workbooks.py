"""The broker desk's workbooks: titles, aliases, blank rows, totals, notes, merged cells, serial dates, text numbers."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import xlsxwriter

from sample.chance import NEVER, day
from sample.company import Company
from sample.desks import ALIASES, EXCEL_EPOCH, BookStyle, birth_text
from sample.faults import RowFault
from sample.tables import iso
from sample.writers import WrittenFile, stable_number

CREATED = dt.datetime(2026, 1, 1)
Cell = str | int | float | dt.date | None
Bad = list[tuple[int, int, str]]
WITHDRAWN_NAME = "废弃数据"  # rows that no reader may ever take in


class Sheet:
    """One sheet written row by row; knows where its title, header and data stand."""

    def __init__(self, path: Path, style: BookStyle, title: str, note: str, headers: list[str]) -> None:
        self.book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
        self.book.set_properties({"created": CREATED})
        self.sheet = self.book.add_worksheet("Sheet1")
        self.date_format = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.indent, self.row, self.path = style.indent, 0, path
        self.records, self.bad = 0, Bad()
        if style.title_rows > 0:
            self.sheet.merge_range(0, 0, 0, self.indent + len(headers) - 1, title, self.book.add_format({"bold": True}))
            self.row = 1
        if style.title_rows > 1:
            self.write([note])
        if style.title_rows > 2:
            self.row += 1
        self.write(headers)

    def write(self, cells: Sequence[Cell]) -> None:
        """One row; None leaves the cell empty."""
        for i, cell in enumerate(cells, start=self.indent):
            if isinstance(cell, str):
                self.sheet.write_string(self.row, i, cell)
            elif isinstance(cell, dt.date):
                self.sheet.write_datetime(self.row, i, cell, self.date_format)
            elif cell is not None:
                self.sheet.write_number(self.row, i, cell)
        self.row += 1

    def record(self, cells: list[Cell], why: str = "") -> None:
        """A data row."""
        self.records += 1
        self.write(cells)
        if why:
            self.bad.append((self.row, self.records, why))

    def close(self, name: str) -> WrittenFile:
        self.book.close()
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return WrittenFile(name, self.records, digest, {}, self.bad)


def mixed_date(days: int, habit: int) -> Cell:
    """A date as hands enter it: text of three shapes, a serial number, or a true date cell."""
    if days >= NEVER:
        return None
    style = ("iso", "slash", "compact", "serial", "date")[habit % 5]
    if style == "serial":
        return days - EXCEL_EPOCH
    if style == "date":
        return dt.date(1970, 1, 1) + dt.timedelta(days)
    return birth_text(days, style)


def number_cell(value: int | float, habit: int) -> Cell:
    """A number, now and then typed as text."""
    return str(value) if habit % 4 == 0 else value


def write_partners(path: Path, company: Company, date: str, premiums: dict[str, int], registered: dict[str, int]) -> WrittenFile:
    """partners.xlsx as of the date; `premiums` are the year's premium in fen, `registered` the agents by partner."""
    code, name = ("合作方代码", "公司名称") if date < "2026-03" else ("公司代码", "合作公司")
    headers = [
        code,
        name,
        "统一社会信用代码",
        "寿险业务起始日期",
        "准入日期",
        "管理层寿险年限",
        "理念契合评分",
        "登记代理人数",
        "年度寿险总保费",
        "状态",
    ]
    sheet = Sheet(
        path,
        BookStyle((), 3, 1, "", False, False, True, True),
        "经代合作方一览表",
        f"报送日期：{date}    单位：万元",
        headers,
    )
    total = 0.0
    for i, row in enumerate(company.partners.iter_rows(named=True)):
        million = round(premiums.get(row["partner_code"], 0) / 1_000_000, 2)
        total += million
        sheet.record(
            [
                row["partner_code"],
                row["name"],
                row["credit_code"],
                mixed_date(row["since"], i),
                mixed_date(row["admitted"], i + 2),
                number_cell(row["management_years"], i),
                number_cell(row["alignment"], i + 1),
                number_cell(registered.get(row["partner_code"], 0), i + 2),
                number_cell(million, i + 3),
                row["state"],
            ]
        )
    sheet.write(["合计", None, None, None, None, None, None, None, round(total, 2)])
    sheet.row += 1
    sheet.write(["制表人：张三   复核：李四"])
    return sheet.close("partners.xlsx")


def write_violations(path: Path, company: Company, date: str, faults: list[RowFault]) -> WrittenFile:
    """violations.xlsx: those registered by the date."""
    rows = company.violations.filter(pl.col("violated") <= day(date)).rows()
    headers = ["合作方代码", "日期", "类型", "严重程度", "处罚机关", "处罚金额"]
    sheet = Sheet(
        path,
        BookStyle((), 2, 0, "", False, False, True, True),
        "合作方违规处罚登记",
        f"报送日期：{date}    单位：元",
        headers,
    )
    for i, (code, on, kind, severity, authority, penalty) in enumerate(rows):
        sheet.record([code, mixed_date(on, i), kind, severity, authority, number_cell(penalty, i + 1)])
    for fault in faults:
        missing = fault.why == "missing_key"
        sheet.record([None if missing else "P002", date, "返佣", "一般", "公司内部", 100 if missing else -100], fault.why)
    sheet.write(["合计", None, None, None, None, sum(r[5] for r in rows)])
    sheet.row += 1
    sheet.write(["制表人：张三   复核：李四"])
    return sheet.close("violations.xlsx")


def write_partner_agents(path: Path, company: Company, date: str, faults: list[RowFault]) -> WrittenFile:
    """partner_agents.xlsx: who has joined by the date; who leaves later has no leaving date yet."""
    rows = company.partner_agents.filter(pl.col("joined") <= day(date))
    headers = [
        "公司代码" if date > "2026-02" else "合作方代码",
        "业务员编码" if date > "2026-03" else "代理人编码",
        "姓名",
        "执业证号",
        "入职日期",
        "离职日期",
    ]
    sheet = Sheet(path, BookStyle((), 1, 0, "", False, False, False, False), "经代业务员名册", "", headers)
    columns = ["partner_code", "partner_agent_code", "name", "licence_no", "joined", "left"]
    for i, (partner, code, name, licence, joined, left) in enumerate(rows.select(columns).iter_rows()):
        sheet.record(
            [
                partner,
                code,
                name,
                licence,
                mixed_date(joined, i),
                mixed_date(left if left <= day(date) else NEVER, i + 1),
            ]
        )
        if i % 97 == 96:
            sheet.row += 1  # a blank row among the data
    for fault in faults:
        sheet.record(["P001", None, "赵错", "000000000000000000", "2020-01-01"], fault.why)
    return sheet.close("partner_agents.xlsx")


def write_customers(
    path: Path, partner: str, style: BookStyle, rows: pl.DataFrame, *, date: str, faults: list[RowFault]
) -> WrittenFile:
    """customers_<code>.xlsx of one partner in its own style."""
    english = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    order = [english.get(header, "serial") for header in style.columns]
    sheet = Sheet(path, style, f"{partner}客户清单", f"报送日期：{date}    单位：元", list(style.columns))
    cells = _customer_cells(rows, style)
    for i, row in enumerate(zip(*(cells[c] if c in cells else range(1, rows.height + 1) for c in order), strict=True)):
        sheet.record(list(row))
        if i % 211 == 210:
            sheet.row += 1
    for serial, fault in enumerate(faults):
        sheet.record(_spoiled_customer(fault, order, serial), fault.why)
    if style.has_total:
        sheet.write([style.total_label, *[None] * (len(order) - 2), rows.height])
        if style.has_trap:  # below a total nothing counts, even if it looks like a customer
            sheet.write([WITHDRAWN_NAME if c == "name" else None for c in order])
    if style.has_signature:
        sheet.row += 1
        sheet.write(["制表人：王五"])
    return sheet.close(path.name)


def _customer_cells(rows: pl.DataFrame, style: BookStyle) -> dict[str, list[Cell]]:
    """Columns of cells in the partner's habits."""
    columns: dict[str, list[Cell]] = {c: rows[c].to_list() for c in ("name", "id_type", "id_number", "sex", "remark", "tags")}
    mobile, policy, income = rows["mobile"].to_list(), rows["policy_no"].to_list(), rows["annual_income"].to_list()
    columns["mobile"] = [int(m) if style.mobile_as_number and m and m.isascii() and m.isdigit() else m for m in mobile]
    columns["policy_no"] = [int(p) if style.policy_as_number and p else p for p in policy]
    columns["annual_income"] = [int(x) if x and i % 2 and x.isdigit() else x for i, x in enumerate(income)]
    births = rows["birth"].to_numpy()
    if style.birth == "date":
        columns["birth_date"] = [None if b >= NEVER else dt.date(1970, 1, 1) + dt.timedelta(int(b)) for b in births]
    elif style.birth == "serial":
        columns["birth_date"] = [None if b >= NEVER else int(b) - EXCEL_EPOCH for b in births]
    else:
        dates = pl.DataFrame({"birth": births}).select(iso("birth")).to_series()
        if style.birth == "compact":
            dates = dates.str.replace_all("-", "")
        if style.birth == "slash":
            dates = dates.str.replace_all("-0?", "/")
        columns["birth_date"] = dates.to_list()
    return columns


def _spoiled_customer(fault: RowFault, order: list[str], serial: int) -> list[Cell]:
    """A row that breaks its contract: no name and no identifier, an impossible birthday, a negative income."""
    if fault.why == "missing_key":
        return ["客户信息后补" if c == "remark" else None for c in order]
    policy = f"7704{stable_number(fault.folder, fault.file) % 10**6:06d}{serial:02d}"
    values: dict[str, Cell] = {
        "name": "赵错",
        "policy_no": policy,
        "sex": "男",
        "serial": 900 + serial,
        "birth_date": "1985-02-03",
    }
    if fault.why == "impossible_date":
        values["birth_date"] = "1985-02-30"
    else:
        values["annual_income"] = -50000
    return [values.get(c) for c in order]


def registered_agents(company: Company, on: int) -> dict[str, int]:
    """Agents registered with each partner on that day."""
    here = company.partner_agents.filter((pl.col("joined") <= on) & (pl.col("left") > on))
    return dict(here.group_by("partner_code", maintain_order=True).len().iter_rows())


def yearly_premium(policies: pl.DataFrame, on: int) -> dict[str, int]:
    """New premium of each partner in the twelve months to that day, fen."""
    sold = policies.filter(
        (pl.col("channel") == "BRK") & (pl.col("issued") > on - 365) & (pl.col("issued") <= on) & (pl.col("cancel") > on)
    )
    return dict(
        sold.group_by("partner_code", maintain_order=True)
        .agg((pl.col("premium") * pl.max_horizontal("per_year", 1)).sum())
        .iter_rows()
    )
