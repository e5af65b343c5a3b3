"""The lists of one channel as tables of a scratch database: SQL from end to end, one row per line and recipient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from exports.audience import Audience
from warehouse import keys
from warehouse.duck import connect
from warehouse.settings import Settings

_SQL = Path(__file__).parent / "sql"
_NO_POLICIES = "select null::varchar as recipient, null::varchar as source_system, null::varchar as policy_no where false"
_NO_RECORDS = "select null::varchar as recipient, null::varchar as record_key where false"


_NOT_VISIBLE = {"recipient", "customer_ref", "anchor"}


@dataclass(frozen=True)
class Recipient:
    """Who gets one package: the code that names the folder, and the name that people read."""

    code: str
    name: str


@dataclass(frozen=True)
class Lists:
    """The lists of one channel, ready to be written: a scratch database and what it was made of."""

    connection: duckdb.DuckDBPyConnection
    audience: Audience
    generation_id: str
    as_of: date
    recipients: tuple[Recipient, ...]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, list(parameters)).fetchall()


@contextmanager
def channel_lists(settings: Settings, generation_dir: Path, audience: Audience, only: list[str] | None = None) -> Iterator[Lists]:
    """Build the lists of ``audience`` from a published generation; the scratch database is gone afterwards."""
    scratch = settings.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    connection = connect(":memory:", settings)
    try:
        keys.register(connection, keys.load_key(settings))
        source = str(generation_dir / "restricted.duckdb").replace("'", "''")
        connection.execute(f"attach '{source}' as gen (read_only)")
        _build(connection, audience, only)
        (generation_id, as_of), *_ = connection.execute("select generation_id, as_of from generation").fetchall()
        recipients = connection.execute("select recipient, name from recipient order by recipient").fetchall()
        yield Lists(connection, audience, generation_id, as_of, tuple(Recipient(*row) for row in recipients))
    finally:
        connection.close()


def _build(connection: duckdb.DuckDBPyConnection, audience: Audience, only: list[str] | None) -> None:
    is_own = audience.tier_scope == "own"
    values = {
        "channel": audience.channel,
        "recipients": audience.recipients,
        "policies": audience.owns_policies or _NO_POLICIES,
        "records": audience.serves_records or _NO_RECORDS,
        "wanted": "true" if only is None else f"recipient in (select unnest({_text_list(only)}))",
        "serves_everybody": str(audience.serves_everybody).lower(),
        "own_scope": str(is_own).lower(),
        "product_channel": audience.product_channel,
    }
    connection.execute((_SQL / "inputs.sql").read_text(encoding="utf-8"))
    for part in ("served", f"grouping_{audience.tier_scope}", "advice", audience.list):
        connection.execute((_SQL / f"{part}.sql").read_text(encoding="utf-8").format_map(values))


def mark_changes(lists: Lists) -> None:
    """Compare each line with what its recipient holds (table ``held``); makes ``package_line``."""
    connection = lists.connection
    columns = [row[0] for row in connection.execute("describe line").fetchall()]
    visible = [f"coalesce({name}::varchar, '')" for name in columns if name not in _NOT_VISIBLE]
    sql = (_SQL / "package.sql").read_text(encoding="utf-8")
    connection.execute(sql.format(fingerprint=f"concat_ws(chr(31), {', '.join(visible)})"))


def _text_list(values: list[str]) -> str:
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]::varchar[]"
