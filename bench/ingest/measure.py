"""Speed and memory of ingest over file size, for each format: one delivery whose largest file has N rows.

    python bench/ingest/measure.py 500000 2000000                 # gzip CSV: premium_due of core_life
    python bench/ingest/measure.py --format pipe 500000 2000000   # GB18030 with | : PREM of core_banca
    python bench/ingest/measure.py --format jsonl 300000 1000000  # JSON Lines: events of wechat_individual
    python bench/ingest/measure.py --format workbook 20000 100000 # Excel: customers of one partner

Prints, per size: seconds, rows per second, peak memory of the whole process. Memory must not grow with the size, but for
workbooks, whose shared texts a reader must hold.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

_ROWS = """
    select
        printf('88%010d', i // 12) as policy_no, i % 12 + 1 as instalment_no,
        (date '2015-01-01' + (i % 4000)::int)::varchar as due_on, printf('%.2f', 100 + i % 90000 / 100) as amount_due,
        case when i % 7 = 0 then '' else printf('%.2f', 100 + i % 90000 / 100) end as amount_paid,
        case when i % 7 = 0 then '' else (date '2015-01-03' + (i % 4000)::int)::varchar end as paid_on,
        '2026-01-31T08:00:00' as updated_at, 'N' as is_deleted
    from range({rows}) as numbers (i)
"""


def deliver_csv(landing: Path, rows: int) -> int:
    """A full core_life delivery; returns the bytes of the uncompressed file."""
    folder = landing / "core_life" / "2026-01-31"
    folder.mkdir(parents=True)
    plain, packed = folder / "premium_due.csv", folder / "premium_due.csv.gz"
    duckdb.sql(f"copy ({_ROWS.format(rows=rows)}) to '{plain}' (header, quote '')")
    size = plain.stat().st_size
    with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target)
    plain.unlink()
    _state(folder, packed, rows)
    return size


def deliver_jsonl(landing: Path, rows: int) -> int:
    """A full delivery of an official account's events."""
    folder = landing / "wechat_individual" / "2026-01-31"
    folder.mkdir(parents=True)
    path = folder / "events.jsonl"
    duckdb.sql(
        f"""copy (
            select printf('E%012d', i) as event_id, printf('o%027d', i % 50000) as openid, 'VIEW' as event,
                '2025-08-09T17:18:32+08:00' as occurred_at, {{'key': 'MENU_1', 'page': i % 100}} as payload
            from range({rows}) as numbers (i)
        ) to '{path}' (format json)"""
    )
    _state(folder, path, rows)
    return path.stat().st_size


def deliver_pipe(landing: Path, rows: int) -> int:
    """A core_banca delivery with N instalments."""
    folder = landing / "core_banca" / "2026-01-31"
    folder.mkdir(parents=True)
    for kind in ("CUST", "POLY", "EVNT"):
        (folder / f"{kind}_20260131.dat").write_bytes(f"HDR|{kind}|20260131\r\nTRL|0|0\r\n".encode())
    path = folder / "PREM_20260131.dat"
    with path.open("wb") as file:
        file.write(b"HDR|PREM|20260131\r\n")
        for start in range(0, rows, 100_000):
            block = range(start, min(start + 100_000, rows))
            lines = (f"9{i // 12:011d}|{i % 12 + 1}|20250131|{10000 + i % 9000}|{10000 + i % 9000}|20250201　\r\n" for i in block)
            file.write("".join(lines).encode("gb18030"))
        file.write(f"TRL|{rows}|{sum(10000 + i % 9000 for i in range(rows))}\r\n".encode())
    (folder / "_READY").touch()
    return path.stat().st_size


def deliver_workbook(landing: Path, rows: int) -> int:
    """A partner's workbook of N customers."""
    import xlsxwriter

    folder = landing / "channel_broker" / "2026-01-31"
    folder.mkdir(parents=True)
    path = folder / "customers_P001.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    headers = ["客户姓名", "证件类型", "证件号码", "手机号", "出生日期", "性别", "年收入", "保单号", "备注", "标签"]
    sheet.write_row(0, 0, headers)
    for i in range(rows):
        cells = [f"客户{i}", "身份证", f"{i:018d}", f"138{i:08d}", "1990/1/5", "男", "12.5万", f"P{i:010d}", "", "老客户"]
        sheet.write_row(i + 1, 0, cells)
    book.close()
    return path.stat().st_size


def _state(folder: Path, path: Path, rows: int) -> None:
    """Write the manifest."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    entry = {"name": path.name, "rows": rows, "sha256": digest, "sums": {}}
    manifest = {"source": folder.parent.name, "business_date": folder.name, "mode": "full", "files": [entry]}
    (folder / "_manifest.json").write_text(json.dumps(manifest))


_DELIVER = {"csv": deliver_csv, "jsonl": deliver_jsonl, "pipe": deliver_pipe, "workbook": deliver_workbook}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=sorted(_DELIVER), default="csv")
    parser.add_argument("rows", type=int, nargs="+")
    asked = parser.parse_args()
    glife = Path(sys.executable).with_name("glife")
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as name:
            landing = Path(name) / "landing"
            size = _DELIVER[asked.format](landing, rows)
            start = time.monotonic()
            own = {"GLIFE_HOME": name, "GLIFE_LANDING": str(landing), "GLIFE_QUIET_SECONDS": "0"}
            process = subprocess.Popen([glife, "ingest"], env={**os.environ, **own}, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - start
            if status:
                sys.exit(f"ingest failed at {rows:,} rows")
            print(
                f"{rows:>12,} rows, {size / 2**20:6.0f} MiB: {seconds:6.1f} s, {rows / seconds:9,.0f} rows/s, "
                f"peak {usage.ru_maxrss / 1024:6.0f} MiB"
            )


if __name__ == "__main__":
    main()
