"""What each recipient holds: a pure function of the packages in the outbox and the acknowledgements in the lake.

A recipient holds what it acknowledged, never what it was sent. Packages count in the order in which they were made,
whenever their acknowledgements arrive: of several acknowledgements of one package the one received last decides.
Of a PARTIAL one the rejected lines stay as they were before.

The lines of a package are kept beside the outbox, as references, tiers, and salted fingerprints without any identifier:
$GLIFE_HOME/ledger/<channel>/<recipient>/<package_id>.parquet
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from exports.package import Package
from warehouse import keys, lake
from warehouse.contract import contracts
from warehouse.errors import GlifeError
from warehouse.files import fsync_file, fsync_folder
from warehouse.settings import Settings

_COLUMNS = "customer_ref, anchor, tier, tier_name, fingerprint"
_TYPES = "customer_ref varchar, anchor varchar, tier integer, tier_name varchar, fingerprint varchar"

HELD_TABLE = f"create table held (recipient varchar, {_TYPES})"

Outcome = Literal["COUNTED", "REPEATED", "OVERRULED", "UNKNOWN_PACKAGE", "WRONG_HASH", "WRONG_RECIPIENT"]


@dataclass(frozen=True)
class Ack:
    """One acknowledgement as it was loaded."""

    package_id: str
    sha256: str
    received_at: datetime | None
    status: str
    rejected: str  # JSON list of {customer_ref or openid, reason}
    file_name: str


@dataclass(frozen=True)
class Judged:
    """An acknowledgement and whether it counts."""

    ack: Ack
    outcome: Outcome


def read_acks(settings: Settings) -> list[Ack]:
    """All accepted acknowledgements in the lake, of every date: what was received does not wait for ``as_of``."""
    (contract,) = (each for each in contracts() if each.name == "acks__ack")
    files = [str(path) for path in lake.snapshot(settings, date.max).files(contract)]
    if not files:
        return []
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select package_id, coalesce(sha256, ''), received_at, status, coalesce(rejected, '[]'), _file_name "
            "from read_parquet(?, union_by_name = true) order by received_at, _business_date, _file_name, _line",
            [files],
        ).fetchall()
    return [Ack(*row) for row in rows]


def judge(packages: Collection[Package], acks: Iterable[Ack]) -> list[Judged]:
    """Say of each acknowledgement, in the order in which they were received, whether it counts and why not."""
    sent = {package.package_id: package for package in packages if package.is_ready}
    recipients = {package.recipient for package in packages}
    outcomes: list[Judged] = []
    newest: dict[str, int] = {}
    for ack in acks:
        package = sent.get(ack.package_id)
        outcome = _outcome(package, recipients, ack)
        if outcome == "COUNTED" and (earlier := newest.get(ack.package_id)) is not None:
            before = outcomes[earlier].ack
            if (before.status, before.rejected) == (ack.status, ack.rejected):
                outcome = "REPEATED"
            else:
                outcomes[earlier] = Judged(before, "OVERRULED")
        if outcome == "COUNTED":
            newest[ack.package_id] = len(outcomes)
        outcomes.append(Judged(ack, outcome))
    return outcomes


def _outcome(package: Package | None, recipients: set[str], ack: Ack) -> Outcome:
    if package is None:
        return "UNKNOWN_PACKAGE"
    if ack.sha256.lower() != package.manifest_sha256:
        return "WRONG_HASH"
    # The file's name does not say which package is meant, but another recipient's name on it is not trusted.
    named = ack.file_name.rsplit("_", 1)[0]
    if named in recipients and named != package.recipient:
        return "WRONG_RECIPIENT"
    return "COUNTED"


def salt(settings: Settings) -> str:
    """What anchors and fingerprints of lines are salted with; a function of the pseudonym key."""
    return keys.pseudonym(keys.load_key(settings), "export ledger")


def state_file(settings: Settings, package_folder: Path) -> Path:
    """Where the lines of a package are kept."""
    return settings.home / "ledger" / package_folder.relative_to(settings.outbox).with_suffix(".parquet")


def keep_lines(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Keep what a package says (``query``: customer_ref, anchor, tier, tier_name, fingerprint, change)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    connection.execute(f"copy ({query}) to '{_quoted(draft)}' (format parquet)")
    fsync_file(draft)
    draft.replace(target)
    fsync_folder(target.parent)


def accepted(packages: Iterable[Package], judged: Iterable[Judged]) -> list[tuple[Package, Ack]]:
    """Packages of one recipient that it took, wholly or in part, in the order in which they were made."""
    counted = {each.ack.package_id: each.ack for each in judged if each.outcome == "COUNTED"}
    taken = [
        (package, counted[package.package_id])
        for package in packages
        if package.package_id in counted and counted[package.package_id].status in {"ACCEPTED", "PARTIAL"}
    ]
    return sorted(taken, key=lambda pair: pair[0].manifest["sequence"])


def load_state(settings: Settings, connection: duckdb.DuckDBPyConnection, taken: list[tuple[Package, Ack]], table: str) -> None:
    """Make ``table``: the lines that the recipient holds after the packages that it took."""
    connection.execute(f"create or replace temp table {table} ({_TYPES})")
    for package, ack in taken[_first_that_matters(taken) :]:
        _apply(settings, connection, package, ack, table)


def _first_that_matters(taken: list[tuple[Package, Ack]]) -> int:
    """A full list that was taken whole makes all before it irrelevant."""
    whole = [
        position
        for position, (package, ack) in enumerate(taken)
        if package.manifest["mode"] == "full" and ack.status == "ACCEPTED"
    ]
    return whole[-1] if whole else 0


def _apply(settings: Settings, connection: duckdb.DuckDBPyConnection, package: Package, ack: Ack, table: str) -> None:
    lines = state_file(settings, package.folder)
    if not lines.is_file():
        raise GlifeError("the ledger has lost the lines of an acknowledged package", str(lines), "restore it")
    sent = f"read_parquet('{_quoted(lines)}')"
    refs = _rejected_refs(package, ack)
    connection.execute("create or replace temp table rejected_line as select unnest(?::varchar[]) as text", [refs])
    # WeChat names a line by the follower's openid, which the ledger knows as the reference only.
    key = ["customer_ref", package.manifest["channel"], package.recipient, package.recipient]
    connection.execute(
        "create or replace temp table rejected_ref as select text as customer_ref from rejected_line "
        "union all select glife_hmac(concat_ws(chr(31), ?, ?, ?, ? || ':' || text)) from rejected_line",
        key,
    )
    stays = "customer_ref in (from rejected_ref)"
    if package.manifest["mode"] == "delta":
        stays += f" or customer_ref not in (select customer_ref from {sent})"
    connection.execute(
        f"create or replace temp table next_state as "
        f"select {_COLUMNS} from {sent} where change <> 'REMOVED' and customer_ref not in (from rejected_ref) "
        f"union all select {_COLUMNS} from {table} where {stays}"
    )
    connection.execute(f"create or replace temp table {table} as from next_state")


def _rejected_refs(package: Package, ack: Ack) -> list[str]:
    if ack.status != "PARTIAL":
        return []
    entries: list[Any] = json.loads(ack.rejected)
    return [str(entry.get("customer_ref") or entry.get("openid")) for entry in entries if isinstance(entry, dict)]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
