"""Text formats: CSV for people and programs, the banks' GB18030 records, JSON Lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from exports.formats.table import BATCH, ListTable, Written, quoted

_FULL_WIDTH_SPACE = "\u3000"
_BROKEN = "\\|\\r\\n"  # what would break a record of the banks' protocol


def write_csv(table: ListTable, path: Path) -> list[Written]:
    """UTF-8 with byte-order mark, CR LF, quoted where needed; values are as they are, none is altered."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in table.columns])
        for rows in table.batches():
            count += len(rows)
            writer.writerows(rows)
    return [Written(path, count)]


def write_jsonl(table: ListTable, path: Path) -> list[Written]:
    """One JSON object a line, UTF-8, keys in the order of the declaration, null where there is no value."""
    with table.connect() as connection:
        count = connection.execute(f"copy ({table.query}) to '{quoted(path)}' (format json)").fetchall()[0][0]
    return [Written(path, count)]


def write_dat(table: ListTable, path: Path) -> list[Written]:
    """The records that core_banca uses: HDR, one ``|``-separated line each, TRL; GB18030, CR LF.

    Separators and line ends inside values become a full-width space; where, goes into the manifest. (Ingest gives a lone
    surrogate no way in: bytes or JSON with one are quarantined, so none has to be replaced here.)
    """
    clean = [
        f"regexp_replace(coalesce(\"{column.name}\"::varchar, ''), '[{_BROKEN}]', '{_FULL_WIDTH_SPACE}', 'g')"
        for column in table.columns
    ]
    with table.connect() as connection, path.open("wb") as file:
        result = connection.execute(f"select concat_ws('|', {', '.join(clean)}) from ({table.query})")
        count = 0
        file.write(f"HDR|TIER|{table.as_of:%Y%m%d}\r\n".encode("gb18030"))
        while rows := result.fetchmany(BATCH):
            count += len(rows)
            # GB18030 holds every character but a lone surrogate, which no text of the database can hold either.
            file.write("".join(f"{line}\r\n" for (line,) in rows).encode("gb18030"))
        file.write(f"TRL|{count}|0\r\n".encode("gb18030"))
        return [Written(path, count, tuple(_replacements(connection, table)))]


def _replacements(cursor: Any, table: ListTable) -> list[dict[str, Any]]:
    """Line (HDR is the first), column and number of replaced characters of each value that was altered."""
    parts = [
        f"select line, '{column.name}' as name, {position} as position, "
        f"len(regexp_extract_all(\"{column.name}\"::varchar, '[{_BROKEN}]')) as n from numbered"
        for position, column in enumerate(table.columns)
    ]
    rows = cursor.execute(
        f"with numbered as (select row_number() over () + 1 as line, * from ({table.query})) "
        f"select line, name, n from ({' union all '.join(parts)}) where n > 0 order by line, position"
    ).fetchall()
    return [{"line": line, "column": name, "replaced": count} for line, name, count in rows]
