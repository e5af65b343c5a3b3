"""Rows of every other format as ingest judges them: JSON Lines, acknowledgements, fixed frames in GB18030, workbooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from ingest import run
from warehouse import lake
from warehouse.settings import Settings, get_settings

DAY = "2026-01-31"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path / "home", landing=tmp_path / "landing", quiet_seconds=0)


@pytest.fixture
def folder(settings: Settings) -> Callable[[str], Path]:
    """The folder of a source's delivery."""

    def make(source: str) -> Path:
        path = settings.landing / source / DAY
        path.mkdir(parents=True, exist_ok=True)
        return path

    return make


def take(settings: Settings, source: str, file: str) -> tuple[dict[int, dict[str, Any]], dict[int, str], dict]:
    """Ingest a source: good rows and reasons of bad ones by line number, and the file's part of the commit record."""
    run.ingest_source(settings, source)
    (record,) = lake.commits(settings)
    (report,) = (f for f in record["files"] if f["name"] == file)
    good, bad = [], []
    if report["data"]:
        found = duckdb.execute("select * from read_parquet(?)", [str(settings.lake_dir / report["data"])])
        good = found.to_arrow_table().to_pylist()
    if report["quarantine"]:
        sql = "select line_number, array_to_string(reasons, '; ') from read_parquet(?)"
        bad = duckdb.execute(sql, [str(settings.lake_dir / report["quarantine"])]).fetchall()
    return {row["_line"]: row for row in good}, dict(bad), report


def state(folder: Path, content: bytes, file: str, rows: int) -> None:
    """Write a file with the manifest that states it."""
    import hashlib

    (folder / file).write_bytes(content)
    entry = {"name": file, "rows": rows, "sha256": hashlib.sha256(content).hexdigest(), "sums": {}}
    manifest = {"source": folder.parent.name, "business_date": DAY, "mode": "full", "files": [entry]}
    (folder / "_manifest.json").write_text(json.dumps(manifest))


# --- JSON ----------------------------------------------------------------------------------------------------------------

SURVEYS: list[tuple[bytes, str]] = [
    (b'{"survey_id":"a","kind":"CSAT","score":95,"answered_at":"2026-01-01T10:00:00+09:00"}', ""),
    (b'{"survey_id":"b","score":"95"}', "score is text, not number"),
    (b'{"survey_id":"c","score":true}', "score is a boolean, not number"),
    (b'{"survey_id":4}', "survey_id is a number, not string"),
    (b'{"survey_id":"d","score":NaN}', "no JSON"),
    (b'{"survey_id":"e"} tail', "no JSON"),
    (b'[{"survey_id":"f"}]', "no JSON object"),
    (b"null", "no JSON object"),
    (b'{"survey_id":"g","who":["x"]}', "who is a list, not object"),
    (b'{"survey_id":"h","comment":"\\ud83d half a pair"}', ""),
    (b'{"survey_id":"i","comment":"' + b"[" * 3000 + b'"}', ""),
    (b'{"survey_id":"j","answered_at":"2026-02-29T10:00:00"}', "answered_at is no possible time"),
    (b'{"survey_id":""}', "survey_id is empty"),
    (b'{"survey_id":"k","kind":"csat"}', "kind is none of CSAT, NPS"),
    (b'{"survey_id":"l","comment":"\xff"}', "not UTF-8"),
    (b'{"survey_id":"m","comment":"\0"}', "NUL byte"),
    (b'{"survey_id":"n","comment":"' + b"x" * (1 << 20) + b'"}', "longer than 1 MiB"),
    (b'{"survey_id":"o","surprise":{"deep":[1]},"survey_id":"p"}\r', ""),
]


def test_every_line_of_json_is_judged_alone_and_blank_ones_are_none(settings: Settings, folder) -> None:
    lines = [line for line, _ in SURVEYS]
    state(folder("crm"), b"\xef\xbb\xbf" + b"\n".join([*lines, b"", b"  "]), "surveys.jsonl", len(lines))
    good, bad, report = take(settings, "crm", "surveys.jsonl")
    for number, (line, fault) in enumerate(SURVEYS, 1):
        assert fault in bad[number] if fault else number in good, line[:60]
    assert (report["rows_loaded"], report["rows_quarantined"]) == (4, 14)
    assert good[1]["answered_at"] == datetime(2026, 1, 1, 9), "another offset becomes Shanghai time"
    assert good[10]["comment"] == "\ufffd half a pair"
    assert good[18]["survey_id"] == "p"


def test_budgets_are_exact_however_they_are_written(settings: Settings, folder) -> None:
    lines = [b'{"campaign_code":"%c","budget":%s}' % (97 + i, v) for i, v in enumerate([b'"0.10"', b"0.2", b"12345678901234.55"])]
    state(folder("wechat_banca"), b"\n".join([*lines, b'{"campaign_code":"z","budget":-3.5}']), "campaigns.jsonl", 4)
    _, bad, report = take(settings, "wechat_banca", "campaigns.jsonl")
    assert report["sums"]["budget"] == {"delivered": None, "loaded": "12345678901234.85", "quarantined": "-3.50"}
    assert bad == {4: "budget is negative"}


def test_an_answer_that_rejects_customers_is_taken(settings: Settings, folder) -> None:
    answer = {"package_id": "K1", "sha256": "0" * 64, "received_at": "2026-02-01T10:00:00+08:00", "status": "PARTIAL"}
    answer["rejected"] = [{"customer_ref": "r1", "reason": "unknown"}]
    (folder("acks") / "P001_K1.ack.json").write_text(json.dumps(answer, indent=2))
    good, bad, _ = take(settings, "acks", "P001_K1.ack.json")
    assert not bad and json.loads(good[1]["rejected"]) == answer["rejected"]


# --- frames of core_banca ------------------------------------------------------------------------------------------------

PREMIUMS: list[tuple[str, str, int]] = [  # record, fault, what it adds to the control sum
    ("P1|1|20260101|10000|10000|20260101", "", 10000),
    ("\u3000P1 | 2 |00000000|0000100|\u30000|        ", "", 100),
    ("P1|3|20260231|100|0|", "due_on is no possible date", 100),
    ("P1|4|2026-01-01|100|0|", "due_on is no possible date", 100),
    ("P1|5|20260101|-100|0|", "amount_due is negative", -100),
    ("P1|6|20260101|1.5|0|", "amount_due is no whole number", 0),
    ("P1|7|20260101|99999999999999999999|0|", "amount_due is no whole number", 99999999999999999999),
    ("P1|8|20260101|100|0", "5 fields instead of 6", 0),
    ("P1|9|20260101|100|0||", "7 fields instead of 6", 0),
    ("\u3000|10|20260101|100|0|", "policy_no is empty", 100),
    ("P\0001|11|20260101|100|0|", "NUL byte", 100),
    ('P"1|12|20260101|100|0|', "", 100),
]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_trailer_counts_and_sums_bad_rows_too(settings: Settings, folder, end: str) -> None:
    count, total = len(PREMIUMS), sum(adds for _, _, adds in PREMIUMS)
    for kind in ("CUST", "POLY", "EVNT"):
        (folder("core_banca") / f"{kind}_20260131.dat").write_text(f"HDR|{kind}|20260131\r\nTRL|0|0\r\n")
    records = ["HDR|PREM|20260131", *(record for record, _, _ in PREMIUMS), f"TRL|{count}|{total}"]
    (folder("core_banca") / "PREM_20260131.dat").write_bytes((end.join(records) + end).encode("gb18030"))
    (folder("core_banca") / "_READY").touch()
    good, bad, report = take(settings, "core_banca", "PREM_20260131.dat")
    for number, (record, fault, _) in enumerate(PREMIUMS, 2):
        assert fault in bad[number] if fault else number in good, record
    assert (good[3]["policy_no"], good[3]["due_on"], good[3]["amount_paid"], good[3]["paid_on"]) == ("P1", None, 0, None)
    assert report["sums"]["amount_due"] == {
        "delivered": "1000000000000000104.99",
        "loaded": "102.00",
        "quarantined": "1000000000000000002.99",
    }


# --- workbooks -----------------------------------------------------------------------------------------------------------

HEADERS = ["客户姓名", "证件类型", "证件号码", "手机号", "出生日期", "性别", "年收入", "保单号", "备注", "标签"]


def workbook(path: Path, rows: list[list[Any]], title: str = "数据", hidden: list[list[Any]] | None = None) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    if hidden is not None:
        for row in hidden:
            sheet.append(row)
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    book.save(path)


def person(**cells: Any) -> list[Any]:
    return [cells.get(header) for header in HEADERS]


def test_cells_as_people_write_them(settings: Settings, folder) -> None:
    rows = [
        ["某公司客户"],
        [None],
        HEADERS,
        person(客户姓名="甲", 出生日期=datetime(1990, 1, 5, 10, 30), 年收入="12.5万", 保单号=880000000001),
        person(客户姓名="乙", 出生日期=32878, 年收入="1,200.50元"),
        person(客户姓名="丙", 出生日期=19900105, 年收入=120000.5),
        person(客户姓名="丁", 出生日期="1990年1月5日", 年收入="１２万"),
        person(客户姓名="戊", 出生日期="1990.1.5", 年收入="面议"),
        person(客户姓名="己", 出生日期="1990-02-30"),
        person(备注="后补", 出生日期="1990-1-5"),
        [None],
        person(客户姓名="庚", 性别="男"),
        person(备注="合计", 年收入=1),
        person(客户姓名="below the total"),
    ]
    workbook(folder("channel_broker") / "customers_P001.xlsx", rows)
    good, bad, report = take(settings, "channel_broker", "customers_P001.xlsx")
    assert {n: str(row["birth_date"]) for n, row in good.items()} == dict.fromkeys(range(4, 8), "1990-01-05") | {12: "None"}
    assert [str(row["annual_income"]) for row in good.values()] == ["125000.00", "1200.50", "120000.50", "120000.00", "None"]
    assert good[4]["source_record_id"] == "P001:880000000001"
    assert {n: reasons.split(" (")[0] for n, reasons in bad.items()} == {
        8: "annual_income",
        9: "birth_date",
        10: "there is no name and no identifier",
    }
    assert report["rows_read"] == 8


def test_a_unit_in_the_header_counts_and_hidden_sheets_come_last(settings: Settings, folder) -> None:
    in_ten_thousand = [h if h != "年收入" else "年收入（万元）" for h in HEADERS]
    old = [HEADERS, person(客户姓名="old", 保单号="1")]
    rows = [
        ["清单"],
        in_ten_thousand,
        person(客户姓名="new", 保单号="1", 年收入=12),
        person(客户姓名="own", 保单号="2", 年收入="30万"),
    ]
    workbook(folder("channel_broker") / "customers_P001.xlsx", rows, hidden=old)
    good, _, _ = take(settings, "channel_broker", "customers_P001.xlsx")
    assert [(row["name"], int(row["annual_income"])) for row in good.values()] == [("new", 120000), ("own", 300000)]


@pytest.mark.parametrize("content", [b"<html></html>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"PK\x03\x04 cut"])
def test_what_is_no_workbook_is_refused(settings: Settings, folder, content: bytes) -> None:
    (folder("channel_broker") / "customers_P001.xlsx").write_bytes(content)
    (result,) = run.ingest_source(settings, "channel_broker")
    assert (result.status, "no Excel workbook" in (result.reason or "")) == ("REJECTED", True)
