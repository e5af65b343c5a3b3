"""Text formats: CSV for people and programs, the banks' GB18030 records, JSON Lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from exports.formats.table import BATCH, ListTable, Written

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
    cursor = table.connection.cursor()
    target = str(path).replace("'", "''")
    try:
        count = cursor.execute(f"copy ({table.query}) to '{target}' (format json)").fetchall()[0][0]
    finally:
        cursor.close()
    return [Written(path, count)]


def write_dat(table: ListTable, path: Path) -> list[Written]:
    """The records that core_banca uses: HDR, one ``|``-separated line each, TRL; GB18030, CR LF.

    Separators and line ends inside values become a full-width space; where, goes into the manifest.
    """
    clean = [
        f"regexp_replace(coalesce(\"{column.name}\"::varchar, ''), '[{_BROKEN}]', '{_FULL_WIDTH_SPACE}', 'g')"
        for column in table.columns
    ]
    cursor = table.connection.cursor()
    try:
        result = cursor.execute(f"select concat_ws('|', {', '.join(clean)}) from ({table.query})")
        count = 0
        with path.open("wb") as file:
            file.write(f"HDR|TIER|{table.as_of:%Y%m%d}\r\n".encode("gb18030"))
            while rows := result.fetchmany(BATCH):
                count += len(rows)
                file.write(_encode("".join(f"{line}\r\n" for (line,) in rows)))
            file.write(f"TRL|{count}|0\r\n".encode("gb18030"))
        return [Written(path, count, tuple(_replacements(cursor, table)))]
    finally:
        cursor.close()


def _encode(text: str) -> bytes:
    try:
        return text.encode("gb18030")
    except UnicodeEncodeError:  # GB18030 holds every character but a lone surrogate
        return "".join(_FULL_WIDTH_SPACE if "\ud800" <= char <= "\udfff" else char for char in text).encode("gb18030")


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
