"""The last look before a package leaves: what was written, read back from the files themselves.

The lists are made so that nobody who must not be there is; this asks the written bytes once more.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa

from exports.formats.table import Written, quoted
from exports.plan import Plan
from warehouse.errors import GlifeError


def verify(plan: Plan, written: list[Written]) -> None:
    """Raises GlifeError when a file holds a line that was not planned or is of an erased person, sells to somebody who did
    not agree, or says nothing."""
    faults = " or ".join(f"({fault})" for fault in _faults(plan))
    for each in written:
        with closing(plan.lists.connection.cursor()) as cursor:
            relation = _relation(cursor, each.path, [column.name for column in plan.lists.audience.columns])
            ((rows, bad),) = cursor.execute(f"select count(*), count(*) filter (where {faults}) from {relation}").fetchall()
            if rows:
                ((erased,),) = cursor.execute(_erased_in(plan, relation)).fetchall()
                bad += erased
        if rows != each.rows or bad:
            fault = f"{bad} of {rows} written lines must not be there ({each.rows} were planned)"
            raise GlifeError(fault, each.path.name, "nothing was sent; report this")


def _faults(plan: Plan) -> list[str]:
    """What must hold of no written line, as SQL over the list's columns."""
    lists, code = plan.lists, plan.recipient.code.replace("'", "''")
    if lists.audience.list == "tag_sync":
        allowed = f"select openid from follower where is_subscribed and source_system = '{code}'"
        return [f"openid not in ({allowed})"]
    silent = f"select customer_ref from suppressed where recipient = '{code}'"
    faults = [
        f"customer_ref not in (select customer_ref from package_line where recipient = '{code}')",
        f"customer_ref in ({silent}) and coalesce(recommended_lines::varchar, '') not in ('', '[]')",
    ]
    if "strategy" not in lists.withheld:
        faults.append(f"customer_ref in ({silent}) and change <> 'REMOVED' and strategy not like '仅服务%'")
    if "tier" not in lists.withheld:
        faults.append("change <> 'REMOVED' and coalesce(tier::varchar, '') = ''")
    return faults


def _erased_in(plan: Plan, relation: str) -> str:
    """SQL: how many records of erased persons are named in a file."""
    code = plan.recipient.code.replace("'", "''")
    match plan.lists.audience.list:
        case "tag_sync":
            keys = f"select '{code}:' || openid as key from {relation}"
        case "profile":
            named = "list_transform(source_records, lambda each: each.source_system || ':' || each.source_record_id)"
            keys = f"select unnest({named}) as key from {relation}"
        case _:  # the list names no system: an id counts that is erased somewhere and is no living record of the recipient
            living = f"select source_record_id from served_record where recipient = '{code}'"
            return (
                f"select count(*) from (select unnest(string_split(source_record_ids::varchar, ';')) as id from {relation}) "
                f"where id in (select source_record_id from erased) and id not in ({living})"
            )
    return f"select count(*) from ({keys}) where key in (select record_key from erased)"


def _relation(cursor: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> str:
    match path.suffix:
        case ".csv":
            return f"read_csv('{quoted(path)}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
        case ".jsonl":
            empty = path.stat().st_size == 0
            nothing = ", ".join(f'null as "{name}"' for name in columns)
            if empty:
                return f"(select {nothing} where false)"
            return f"read_json('{quoted(path)}', format = 'newline_delimited')"
        case ".xlsx":
            import fastexcel

            sheet = fastexcel.read_excel(path).load_sheet("名单", dtypes="string")
            cursor.register("_written", sheet.to_arrow())
            return "_written"
        case _:
            lines = path.read_bytes().decode("gb18030").split("\r\n")[1:-2]
            cursor.register("_written", pa.table({"text": pa.array(lines, pa.string())}))
            fields = ", ".join(f"split_part(text, '|', {at}) as \"{name}\"" for at, name in enumerate(columns, start=1))
            return f"(select {fields} from _written)"
