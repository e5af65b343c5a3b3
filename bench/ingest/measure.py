"""Speed and memory of ingest over file size: one full core_life delivery whose premium_due has N rows.

    python bench/ingest/measure.py 500000 2000000

Prints, per size: seconds, rows per second, peak memory of the whole process. Memory must not grow with the size.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
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


def deliver(landing: Path, rows: int) -> int:
    """Write the delivery; returns the bytes of the uncompressed file."""
    folder = landing / "core_life" / "2026-01-31"
    folder.mkdir(parents=True)
    plain, packed = folder / "premium_due.csv", folder / "premium_due.csv.gz"
    duckdb.sql(f"copy ({_ROWS.format(rows=rows)}) to '{plain}' (header, quote '')")
    size = plain.stat().st_size
    with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
        while block := source.read(1 << 20):
            target.write(block)
    plain.unlink()
    with packed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    entry = {"name": packed.name, "rows": rows, "sha256": digest, "sums": {}}
    manifest = {"source": "core_life", "business_date": "2026-01-31", "mode": "full", "files": [entry]}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return size


def main() -> None:
    glife = Path(sys.executable).with_name("glife")
    for rows in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as name:
            size = deliver(Path(name) / "landing", rows)
            start = time.monotonic()
            process = subprocess.Popen([glife, "ingest"], env={**os.environ, "GLIFE_HOME": name}, stdout=subprocess.DEVNULL)
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
