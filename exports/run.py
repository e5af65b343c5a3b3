"""Exports: from a published generation to one package per recipient in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from exports.audience import CHANNELS, load_audience
from exports.formats.table import ListTable
from exports.formats.text import write_csv, write_dat, write_jsonl
from exports.formats.workbook import write_xlsx
from exports.lists import Lists, Recipient, channel_lists, mark_changes
from exports.package import (
    Package,
    PackageResult,
    draft_folder,
    package_id,
    packages_of,
    place,
    recipient_folder,
    sha256_of,
)
from warehouse import runlog
from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.progress import progress
from warehouse.settings import Settings

_NOTHING_HELD = (
    "create table held (recipient varchar, customer_ref varchar, tier integer, tier_name varchar, fingerprint varchar)"
)
_CHANGES = ("NEW", "CHANGED", "SAME", "REMOVED")


def export_all(
    settings: Settings,
    generation_dir: Path,
    channels: list[str] | None = None,
    recipients: list[str] | None = None,
) -> list[PackageResult]:
    """Write the package of every recipient of ``channels`` (default all), or of ``recipients`` alone.

    What was exported from this generation before is found and left as it is. Raises GlifeError for an unknown channel
    or when the generation cannot be read.
    """
    if not (generation_dir / "restricted.duckdb").is_file():
        raise GlifeError("the generation has no restricted.duckdb", str(generation_dir), "publish it again")
    results = []
    for channel in channels or CHANNELS:
        with lock(settings.outbox / channel / ".lock", f"exports of {channel}"):
            results += _export_channel(settings, generation_dir, channel, recipients)
    return results


def _export_channel(
    settings: Settings, generation_dir: Path, channel: str, only: list[str] | None
) -> list[PackageResult]:
    audience = load_audience(channel)
    with (
        channel_lists(settings, generation_dir, audience, only) as lists,
        progress(f"lists for {channel}", unit="packages") as advance,
    ):
        lists.connection.execute(_NOTHING_HELD)
        mark_changes(lists)
        results = []
        for recipient in lists.recipients:
            result = _export_recipient(settings, lists, recipient)
            if result.is_new:
                runlog.log(
                    settings,
                    "package",
                    channel=channel,
                    recipient=recipient.code,
                    package_id=result.package_id,
                    held=result.is_held,
                    why=result.why,
                    totals=result.totals,
                )
            results.append(result)
            advance(1)
    return results


def _export_recipient(settings: Settings, lists: Lists, recipient: Recipient) -> PackageResult:
    folder = recipient_folder(settings, lists.audience.channel, recipient.code)
    for package in packages_of(folder):
        if package.manifest["generation_id"] == lists.generation_id and package.is_ready:
            return package.result(is_new=False)
    return _write_package(lists, recipient, draft_folder(folder)).result(is_new=True)


def _write_package(lists: Lists, recipient: Recipient, draft: Path) -> Package:
    audience = lists.audience
    totals = _totals(lists, recipient)
    table = _list_table(lists, recipient, totals)
    files: list[dict[str, Any]] = []
    replaced: list[dict[str, Any]] = []
    for declared in audience.files:
        paths, altered = _WRITERS[declared.format](table, draft / declared.file_name(lists.as_of))
        rows = sum(totals["change"].values())
        files += [{"name": path.name, "rows": rows, "sha256": sha256_of(path), "totals": totals} for path in paths]
        replaced += [{"file": declared.file_name(lists.as_of), **where} for where in altered]
    content: dict[str, Any] = {
        "as_of": lists.as_of.isoformat(),
        "generation_id": lists.generation_id,
        "channel": audience.channel,
        "recipient": recipient.code,
        "mode": audience.mode,
        "base_package_id": None,
        "files": files,
        "totals": totals,
        "replaced": replaced,
        "held": False,
        "why": [],
    }
    identity = package_id(lists.generation_id, audience.channel, recipient.code, content)
    return place(draft, {"package_id": identity, **content})


def _totals(lists: Lists, recipient: Recipient) -> dict[str, dict[str, int]]:
    rows = lists.rows(
        "select tier, change, count(*) from package_line where recipient = ? group by all order by all", recipient.code
    )
    by_tier = {str(tier): sum(n for each, _, n in rows if each == tier) for tier in range(1, 6)}
    by_change = {change: sum(n for _, each, n in rows if each == change) for change in _CHANGES}
    return {"tier": by_tier, "change": by_change}


def _list_table(lists: Lists, recipient: Recipient, totals: dict[str, dict[str, int]]) -> ListTable:
    columns = ", ".join(_COMPUTED.get(column.name, f'"{column.name}"') for column in lists.audience.columns)
    code = recipient.code.replace("'", "''")
    legend = lists.rows(
        "select tier::varchar, tier_name, contact_cadence, service_package, product_lines, required_agent_grade "
        "from strategy order by tier"
    )
    return ListTable(
        connection=lists.connection,
        query=f"select {columns} from package_line where recipient = '{code}' order by tier nulls last, customer_ref",
        columns=lists.audience.columns,
        as_of=lists.as_of,
        title=lists.audience.title,
        recipient_name=f"{recipient.name} ({recipient.code})",
        totals=totals,
        legend=tuple(tuple(cell or "" for cell in line) for line in legend),
    )


# Columns that depend on what the recipient holds; all others are as the list's SQL made them.
_COMPUTED = {
    "reasons": "case when change = 'REMOVED' then 'REMOVED' else reasons end as reasons",
    "add": "['G层级-' || tier_name] as add",
    "remove": "case when previous_tier <> tier then ['G层级-' || previous_tier_name] else [] end as remove",
}

_Writer = Callable[[ListTable, Path], tuple[list[Path], list[dict[str, Any]]]]


def _simple(write: Callable[[ListTable, Path], None]) -> _Writer:
    def write_one(table: ListTable, path: Path) -> tuple[list[Path], list[dict[str, Any]]]:
        write(table, path)
        return [path], []

    return write_one


_WRITERS: dict[str, _Writer] = {
    "xlsx": lambda table, path: (write_xlsx(table, path), []),
    "csv": _simple(write_csv),
    "jsonl": _simple(write_jsonl),
    "dat": lambda table, path: ([path], write_dat(table, path)),
}
