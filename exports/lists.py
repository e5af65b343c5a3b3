"""The lists of one channel as tables of a scratch database: SQL from end to end, one row per line and recipient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from exports.audience import Audience
from exports.permission import withheld_columns
from warehouse import keys
from warehouse.duck import connect
from warehouse.settings import Settings

_SQL = Path(__file__).parent / "sql"
_NO_POLICIES = "select null::varchar as recipient, null::varchar as source_system, null::varchar as policy_no where false"
_NO_RECORDS = "select null::varchar as recipient, null::varchar as record_key where false"


_NOT_VISIBLE = {"recipient", "customer_ref", "anchor", "group_key"}


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
    generation_dir: Path
    versions: dict[str, str] = field(default_factory=dict)  # of code and parameters
    withheld: frozenset[str] = frozenset()  # columns that may not leave
    late: tuple[str, ...] = ()  # sources whose newest delivery is old

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
        withheld = withheld_columns(generation_dir, audience)
        _build(connection, audience, only)
        ((generation_id, as_of, code, parameters),) = connection.execute(
            "select generation_id, as_of, code_version, parameter_version from generation"
        ).fetchall()
        recipients = connection.execute("select recipient, name from recipient order by recipient").fetchall()
        yield Lists(
            connection,
            audience,
            generation_id,
            as_of,
            tuple(Recipient(*row) for row in recipients),
            generation_dir,
            {"code_version": code, "parameter_version": parameters},
            withheld,
            _late(connection, audience, settings.late_days),
        )
    finally:
        connection.close()


def _build(connection: duckdb.DuckDBPyConnection, audience: Audience, only: list[str] | None) -> None:
    values = {
        "channel": audience.channel,
        "recipients": audience.recipients,
        "policies": audience.owns_policies or _NO_POLICIES,
        "records": audience.serves_records or _NO_RECORDS,
        "wanted": "true" if only is None else f"recipient in (select unnest({_text_list(only)}))",
        "serves_everybody": str(audience.serves_everybody).lower(),
        "product_channel": audience.product_channel,
    }
    connection.execute((_SQL / "inputs.sql").read_text(encoding="utf-8"))
    for part in ("served", f"grouping_{audience.tier_scope}", "advice", audience.list):
        connection.execute((_SQL / f"{part}.sql").read_text(encoding="utf-8").format_map(values))


def _late(connection: duckdb.DuckDBPyConnection, audience: Audience, days: int) -> tuple[str, ...]:
    """The audience's own sources that are late, with the date of their newest delivery."""
    rows = connection.execute(
        "select source_system, max(business_date) filter (where is_good) as newest from delivery "
        "where list_contains(?, source_system) group by source_system "
        "having coalesce(newest < (select as_of from generation) - ?::integer, true) order by newest nulls first",
        [list(audience.sources), days],
    ).fetchall()
    return tuple(f"{source} delivered last for {newest or 'no date yet'}" for source, newest in rows)


def mark_changes(lists: Lists, salt: str) -> None:
    """Compare each line with what its recipient holds (table ``held``); makes ``package_line``.

    ``salt`` keeps what the ledger stores of a line (anchor, fingerprint) from being guessed.
    """
    connection = lists.connection
    columns = [row[0] for row in connection.execute("describe line").fetchall()]
    visible = [f"coalesce({name}::varchar, '')" for name in columns if name not in _NOT_VISIBLE]
    sql = (_SQL / "package.sql").read_text(encoding="utf-8")
    own_scope = str(lists.audience.tier_scope == "own").lower()
    connection.execute(
        sql.format(fingerprint=f"concat_ws(chr(31), '{salt}', {', '.join(visible)})", salt=salt, own_scope=own_scope)
    )


def _text_list(values: list[str]) -> str:
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]::varchar[]"
