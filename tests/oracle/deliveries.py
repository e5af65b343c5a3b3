"""The current state of a source table straight from the files, by replaying the deliveries one after the other.

A second reading of sources.md that shares no code with the product. Which deliveries are refused and which rows are bad
is not found out here: the truth files say it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl

SHANGHAI = ZoneInfo("Asia/Shanghai")

Values = dict[str, Any]
Reader = Callable[[Path], Iterator[tuple[int, Values]]]

_SUFFIXED = {"CUST", "POLY", "PREM", "EVNT", "customers"}  # a date or a partner's code follows
_NEVER_FULL = {"PREM", "EVNT"}
_ALWAYS_FULL = {"product", "branch", "tags", "campaigns"}
_HEADERS = {  # broker workbooks: our name of a column, by any header that it may have
    **dict.fromkeys(("合作方代码", "公司代码"), "partner_code"),
    **dict.fromkeys(("代理人编码", "业务员编码"), "partner_agent_code"),
    **dict.fromkeys(("客户姓名", "姓名", "投保人"), "name"),
    **dict.fromkeys(("证件号码", "身份证号"), "id_number"),
    **dict.fromkeys(("手机号", "联系电话", "手机"), "mobile"),
    **dict.fromkeys(("公司名称", "合作公司"), "partner_name"),
    "准入日期": "admitted_on", "状态": "state", "日期": "violated_on", "类型": "violation_type", "严重程度": "severity",
    "处罚机关": "authority", "处罚金额": "penalty", "入职日期": "joined_on", "离职日期": "left_on",
    "执业证号": "licence_no", "证件类型": "id_type", "出生日期": "birth_date", "性别": "sex", "年收入": "annual_income",
    "保单号": "policy_no", "备注": "remark", "标签": "tags",
}  # fmt: skip
BANCA_FIELDS = {
    "CUST": "cust_no name sex birth_date id_type id_number mobile phone address region_code monthly_income marital"
    " education consent first_on changed_on",
    "POLY": "policy_no holder insured relation product_code branch_code bank_code outlet_code staff applied_on"
    " issued_on effective_on cooling_off status status_on pay_mode pay_term_years cover_term premium sum_insured",
    "EVNT": "policy_no event_no event_type event_on recorded_on",
    "PREM": "policy_no instalment_no due_on amount_due amount_paid paid_on",
    "referrals": "referral_no bank_code outlet_code name mobile id_last4 referred_on interest result",
}


def to_date(value: Any) -> date | None:
    """A date in any form that sources.md allows: ISO, slashes, eight digits, Excel cell or serial, time with offset."""
    if value is None or value in ("", "00000000"):
        return None
    if isinstance(value, datetime):
        return value.date()
    text = str(value)
    if re.fullmatch(r"\d{1,5}", text):
        return date(1899, 12, 30) + timedelta(days=int(text))
    if re.fullmatch(r"\d{8}", text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    if "T" in text:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(SHANGHAI) if moment.tzinfo else moment).date()
    year, month, day = re.split("[-/]", text)
    return date(int(year), int(month), int(day))


def to_thousandths(value: Any, unit: int = 1000) -> int | None:
    """An amount as exact integer thousandths of a yuan; ``unit`` 10 reads fen. `12.5万` is 125,000 yuan."""
    if value is None or str(value).strip() == "":
        return None
    text = str(value).strip()
    scale = 10_000 if text.endswith("万") else 1
    amount = Decimal(text.removesuffix("万")) * scale * unit
    assert amount == amount.to_integral_value(), "more decimals than money has"
    return int(amount)


@dataclass
class Deliveries:
    """Accepted deliveries of a landing folder, with the bad rows known from its truth folder."""

    landing: Path
    truth: Path
    until: date = date.max  # later business dates are not known yet
    _folders: dict[str, list[tuple[date, Path]]] = field(init=False)
    _bad: dict[tuple[str, str, str], set[int]] = field(init=False)

    def __post_init__(self) -> None:
        refused = {
            (row["source"], row["folder"])
            for row in _truth(self.truth / "bad_deliveries.csv")
            if row["expected"].startswith(("rejected", "not yet"))
        }
        self._folders = {}
        for source in sorted(path for path in self.landing.iterdir() if path.is_dir()):
            newest: dict[date, Path] = {}  # sorted by name, a revision comes after what it replaces
            for folder in sorted(source.iterdir()):
                day = date.fromisoformat(folder.name[:10])
                if (source.name, folder.name) not in refused and day <= self.until:
                    newest[day] = folder
            self._folders[source.name] = sorted(newest.items())
        self._bad = {}
        for row in _truth(self.truth / "bad_rows.csv"):
            self._bad.setdefault((row["source"], row["folder"], row["file"]), set()).add(int(row["line_number"]))

    def newest_date(self, source: str) -> date:
        return self._folders[source][-1][0]

    def current(self, source: str, table: str, key: tuple[str, ...]) -> pl.DataFrame:
        """Rows alive after the newest delivery; `_since` is the first date on which the row had its present values."""
        states: dict[str, dict[tuple, Values]] = {}
        since: dict[tuple, date] = {}
        for day, folder in self._folders.get(source, []):
            is_full = self._is_full(folder, table)
            for file in sorted(folder.glob(f"{table}{'_*' if table in _SUFFIXED else '.*'}")):
                good, bad_keys = self._rows(source, file, key)
                state = states.setdefault(_scope(file), {})
                if is_full:
                    keep = {k: v for k, v in state.items() if k in bad_keys}
                    state.clear()
                    state.update(keep)
                for values in good:
                    identity = tuple(values.get(name) for name in key)
                    first = since.setdefault((file.name, identity, repr(sorted(values.items()))), day)
                    state[identity] = {**values, "_since": first}
        alive = [row for state in states.values() for row in state.values() if row.get("is_deleted") != "Y"]
        return pl.DataFrame(alive, infer_schema_length=None)

    def _is_full(self, folder: Path, table: str) -> bool:
        manifest = folder / "_manifest.json"
        if table in _ALWAYS_FULL or not manifest.exists():
            return table not in _NEVER_FULL
        return json.loads(manifest.read_text(encoding="utf-8"))["mode"] == "full"

    def _rows(self, source: str, file: Path, key: tuple[str, ...]) -> tuple[list[Values], set[tuple]]:
        """Good rows in file order, and the keys that can be read in bad ones."""
        bad_lines = self._bad.get((source, file.parent.name, file.name), set())
        good: list[Values] = []
        bad_keys: set[tuple] = set()
        seen: set[int] = set()
        for line, values in _reader(file)(file):
            seen.add(line)
            if line in bad_lines:
                bad_keys.add(tuple(values.get(name) for name in key))
            else:
                good.append(values)
        assert bad_lines <= seen, f"{file}: bad rows that were not met: {sorted(bad_lines - seen)}"
        return good, bad_keys


def _truth(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _scope(file: Path) -> str:
    """Files of one table that are full together: each customers_* workbook is full for itself."""
    return file.name if file.name.startswith("customers_") else ""


def _reader(file: Path) -> Reader:
    suffix = file.suffix if file.suffix != ".gz" else Path(file.stem).suffix
    return {".csv": csv_rows, ".dat": _dat_rows, ".jsonl": _json_rows, ".xlsx": _xlsx_rows}[suffix]


def csv_rows(file: Path) -> Iterator[tuple[int, Values]]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    encoding = "gb18030" if file.parent.parent.name == "channel_banca" else "utf-8-sig"
    csv.field_size_limit(1 << 26)
    reader = csv.reader(io.StringIO(content.decode(encoding, errors="replace"), newline=""))
    names = next(reader)
    line = reader.line_num + 1
    for row in reader:
        yield line, {name: text or None for name, text in zip(names, row, strict=False)}
        line = reader.line_num + 1


def _dat_rows(file: Path) -> Iterator[tuple[int, Values]]:
    names = BANCA_FIELDS[file.stem.split("_")[0]].split()
    for line, text in enumerate(file.read_bytes().decode("gb18030", errors="replace").split("\n"), start=1):
        if text.strip() and not text.startswith(("HDR|", "TRL|")):
            fields = (value.strip(" \u3000\r") or None for value in text.split("|"))
            yield line, dict(zip(names, fields, strict=False))


def _json_rows(file: Path) -> Iterator[tuple[int, Values]]:
    for line, raw in enumerate(file.read_bytes().split(b"\n"), start=1):
        if raw.strip():
            try:
                content = json.loads(raw.decode("utf-8", errors="replace"), strict=False)
            except ValueError:
                content = None
            content = content if isinstance(content, dict) else {}
            yield line, {name: _canonical(v) if isinstance(v, dict | list) else v for name, v in content.items()}


def _xlsx_rows(file: Path) -> Iterator[tuple[int, Values]]:
    names: list[str | None] = []
    after_blank = False
    sheet = openpyxl.load_workbook(file, data_only=True).worksheets[0]
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        filled = [cell for cell in cells if cell is not None and str(cell).strip()]
        if not names:
            known = [_HEADERS.get(str(cell).strip()) for cell in cells]
            names = known if sum(name is not None for name in known) > 2 else []
        elif not filled:
            after_blank = True
        elif {"合计", "小计", "总计"} & set(filled) or (after_blank and len(filled) == 1 and isinstance(filled[0], str)):
            return
        else:
            after_blank = False
            values = {name: _cell(cell) for name, cell in zip(names, cells, strict=True) if name}
            yield line, _with_record_id(file, values) if file.name.startswith("customers_") else values


def _with_record_id(file: Path, values: Values) -> Values:
    parts = [values[name] or "" for name in ("name", "id_number", "mobile", "birth_date")]
    own = values["policy_no"] or hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
    code = file.stem.removeprefix("customers_")
    return {**values, "partner_code": code, "record_id": f"{code}:{own}" if values["policy_no"] or any(parts) else None}


def _cell(cell: Any) -> str | None:
    """A cell as text: dates ISO, whole numbers without a point."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return None if cell is None or not str(cell).strip() else str(cell)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
