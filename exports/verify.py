"""The last look before a package leaves: what was written, read back from the files themselves.

The lists are made so that nobody who must not be there is; this asks the written bytes once more.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from exports.formats.table import Written
from exports.plan import Plan
from warehouse.errors import GlifeError


def verify(plan: Plan, written: list[Written]) -> None:
    """Raises GlifeError when a file holds a line that was not planned, sells to somebody who did not agree, or says nothing."""
    for each in written:
        if each.path.suffix != ".xlsx":  # the same rows as the CSV beside it
            _verify_file(plan, each)


def _verify_file(plan: Plan, written: Written) -> None:
    cursor = plan.lists.connection.cursor()
    try:
        relation = _relation(cursor, written.path, [column.name for column in plan.lists.audience.columns])
        code = plan.recipient.code.replace("'", "''")
        if plan.lists.audience.list == "tag_sync":
            allowed = f"select openid from follower where is_subscribed and source_system = '{code}'"
            wrong = f"openid not in ({allowed})"
        else:
            planned = f"select customer_ref from package_line where recipient = '{code}'"
            silent = f"select customer_ref from suppressed where recipient = '{code}'"
            sells = "coalesce(recommended_lines::varchar, '') not in ('', '[]') or strategy not like '仅服务%'"
            says_nothing = "change <> 'REMOVED' and coalesce(tier::varchar, '') = ''"
            wrong = f"customer_ref not in ({planned}) or (customer_ref in ({silent}) and ({sells})) or ({says_nothing})"
        found = cursor.execute(f"select count(*), count(*) filter (where {wrong}) from {relation}").fetchone()
    finally:
        cursor.close()
    rows, bad = found or (0, 0)
    if rows != written.rows or bad:
        fault = f"{bad} of {rows} written lines must not be there ({written.rows} were planned)"
        raise GlifeError(fault, written.path.name, "nothing was sent; report this")


def _relation(cursor: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> str:
    quoted = str(path).replace("'", "''")
    match path.suffix:
        case ".csv":
            return f"read_csv('{quoted}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
        case ".jsonl":
            empty = path.stat().st_size == 0
            nothing = ", ".join(f'null as "{name}"' for name in columns)
            return f"(select {nothing} where false)" if empty else f"read_json('{quoted}', format = 'newline_delimited')"
        case _:
            lines = path.read_bytes().decode("gb18030").split("\r\n")[1:-2]
            cursor.register("_written", pa.table({"text": pa.array(lines, pa.string())}))
            fields = ", ".join(f"split_part(text, '|', {at}) as \"{name}\"" for at, name in enumerate(columns, start=1))
            return f"(select {fields} from _written)"
