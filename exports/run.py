"""Exports: from a published generation to one package per recipient in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from exports import ledger
from exports.audience import CHANNELS, load_audience
from exports.formats.table import ListTable, Written
from exports.formats.text import write_csv, write_dat, write_jsonl
from exports.formats.workbook import write_xlsx
from exports.guards import breaches
from exports.lists import Lists, Recipient, channel_lists, mark_changes
from exports.package import (
    Package,
    PackageResult,
    all_packages,
    draft_folder,
    find_package,
    mark_ready,
    package_id,
    packages_of,
    place,
    recipient_folder,
    sha256_of,
)
from warehouse import runlog
from warehouse.errors import GlifeError
from warehouse.files import lock, write_json
from warehouse.progress import progress
from warehouse.settings import Settings

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
    return _each_recipient(settings, generation_dir, channels, recipients, _export_recipient)


def dry_run(
    settings: Settings,
    generation_dir: Path,
    channels: list[str] | None = None,
    recipients: list[str] | None = None,
) -> list[PackageResult]:
    """Say what ``export_all`` would send, remove and hold, per recipient; writes nothing."""
    return _each_recipient(settings, generation_dir, channels, recipients, _foretell)


def release_package(settings: Settings, identity: str, name: str, reason: str) -> PackageResult:
    """Let a held package go, in somebody's name and for a reason, both logged.

    Raises GlifeError when there is no such held package, when a newer one was made for its recipient, when it was held
    for want of a key, or without name and reason.
    """
    if not name.strip() or not reason.strip():
        raise GlifeError("a release needs a name and a reason", f"package {identity}", "give both")
    package = find_package(settings, identity)
    with lock(settings.outbox / package.manifest["channel"] / ".lock", "exports"):
        package = find_package(settings, identity)
        if not package.manifest["held"]:
            raise GlifeError("the package is not held", f"package {identity}", "see `glife status`")
        newest = max(packages_of(package.folder.parent), key=lambda each: each.manifest["sequence"])
        if newest.package_id != identity:
            raise GlifeError("a newer package was made since", f"package {identity}", f"look at {newest.package_id}")
        runlog.log(settings, "released", package_id=identity, by=name, reason=reason, why=package.manifest["why"])
        released = Package(package.folder, {**package.manifest, "held": False, "why": []})
        write_json(released.folder / "manifest.json", released.manifest)
        mark_ready(released)
    return released.result(is_new=True)


_Step = Callable[[Settings, Lists, Recipient, "_Ledger"], PackageResult]


def _each_recipient(
    settings: Settings,
    generation_dir: Path,
    channels: list[str] | None,
    recipients: list[str] | None,
    step: _Step,
) -> list[PackageResult]:
    if not (generation_dir / "restricted.duckdb").is_file():
        raise GlifeError("the generation has no restricted.duckdb", str(generation_dir), "publish it again")
    results = []
    for channel in channels or CHANNELS:
        audience = load_audience(channel)
        with (
            lock(settings.outbox / channel / ".lock", f"exports of {channel}"),
            channel_lists(settings, generation_dir, audience, recipients) as lists,
            progress(f"lists for {channel}", unit="packages") as advance,
        ):
            known = _Ledger(settings, lists)
            mark_changes(lists)
            for recipient in lists.recipients:
                results.append(step(settings, lists, recipient, known))
                advance(1)
    return results


class _Ledger:
    """What the recipients of one channel hold, loaded into table ``held``."""

    def __init__(self, settings: Settings, lists: Lists) -> None:
        judged = ledger.judge(all_packages(settings), ledger.read_acks(settings))
        self.base: dict[str, str] = {}
        lists.connection.execute(ledger.HELD_TABLE)
        for recipient in lists.recipients:
            folder = recipient_folder(settings, lists.audience.channel, recipient.code)
            taken = ledger.accepted(packages_of(folder), judged)
            if not taken:
                continue
            self.base[recipient.code] = taken[-1][0].package_id
            ledger.load_state(settings, lists.connection, taken, "state")
            lists.connection.execute("insert into held select ?, * from state", [recipient.code])


def _export_recipient(settings: Settings, lists: Lists, recipient: Recipient, known: _Ledger) -> PackageResult:
    folder = recipient_folder(settings, lists.audience.channel, recipient.code)
    packages = list(packages_of(folder))
    for package in packages:
        if package.manifest["generation_id"] == lists.generation_id and package.is_ready:
            return package.result(is_new=False)
    earlier = [each.manifest["sequence"] for each in packages if each.manifest["generation_id"] != lists.generation_id]
    plan = _Plan(lists, recipient, known.base.get(recipient.code), max(earlier, default=0) + 1)
    result = _write_package(settings, plan, draft_folder(folder)).result(is_new=True)
    runlog.log(
        settings,
        "package",
        channel=result.channel,
        recipient=result.recipient,
        package_id=result.package_id,
        held=result.is_held,
        why=result.why,
        totals=result.totals,
    )
    return result


def _foretell(settings: Settings, lists: Lists, recipient: Recipient, known: _Ledger) -> PackageResult:
    plan = _Plan(lists, recipient, known.base.get(recipient.code), 0)
    folder = recipient_folder(settings, lists.audience.channel, recipient.code)
    held = bool(plan.why)
    return PackageResult(lists.audience.channel, recipient.code, "", folder, True, held, tuple(plan.why), plan.totals)


class _Plan:
    """What goes into one recipient's package, before anything is written."""

    def __init__(self, lists: Lists, recipient: Recipient, base: str | None, sequence: int) -> None:
        self.lists, self.recipient, self.base, self.sequence = lists, recipient, base, sequence
        # A recipient that holds nothing cannot apply a difference.
        self.mode = lists.audience.mode if base else "full"
        code = recipient.code.replace("'", "''")
        self.source = f"(select * from package_line where recipient = '{code}'"
        self.source += " and change <> 'SAME') as line" if self.mode == "delta" else ") as line"
        self.totals = self._totals()
        self.why = breaches(lists, recipient, lists.audience.guards)

    def _totals(self) -> dict[str, dict[str, int]]:
        rows = self.lists.rows(f"select tier, change, count(*) from {self.source} group by all order by all")
        by_tier = {str(tier): sum(n for each, _, n in rows if each == tier) for tier in range(1, 6)}
        by_change = {change: sum(n for _, each, n in rows if each == change) for change in _CHANGES}
        return {"tier": by_tier, "change": by_change}

    def table(self) -> ListTable:
        lists = self.lists
        columns = ", ".join(_COMPUTED.get(column.name, f'"{column.name}"') for column in lists.audience.columns)
        where = "where openid is not null" if lists.audience.list == "tag_sync" else ""
        legend = lists.rows(
            "select tier::varchar, strategy_name, contact_cadence_days || ' 天', service_package, product_lines, "
            "required_grades from strategy order by tier"
        )
        return ListTable(
            connection=lists.connection,
            query=f"select {columns} from {self.source} {where} order by tier nulls last, customer_ref",
            columns=lists.audience.columns,
            as_of=lists.as_of,
            title=lists.audience.title,
            recipient_name=f"{self.recipient.name} ({self.recipient.code})",
            totals=self.totals,
            legend=tuple(tuple(cell or "" for cell in line) for line in legend),
        )


# Columns that depend on what the recipient holds; all others are as the list's SQL made them.
_COMPUTED = {
    "reasons": "nullif(concat_ws('；', reasons, change_reason), '') as reasons",
    "add": "['G层级-' || tier_name] as add",
    "remove": "case when previous_tier <> tier then ['G层级-' || previous_tier_name] else [] end as remove",
}


def _write_package(settings: Settings, plan: _Plan, draft: Path) -> Package:
    lists, audience = plan.lists, plan.lists.audience
    table = plan.table()
    written: list[Written] = []
    for declared in audience.files:
        written += _WRITERS[declared.format](table, draft / declared.file_name(lists.as_of))
    content: dict[str, Any] = {
        "as_of": lists.as_of.isoformat(),
        "generation_id": lists.generation_id,
        "channel": audience.channel,
        "recipient": plan.recipient.code,
        "mode": plan.mode,
        "base_package_id": plan.base,
        "files": [
            {"name": each.path.name, "rows": each.rows, "sha256": sha256_of(each.path), "totals": plan.totals}
            for each in written
        ],
        "totals": plan.totals,
        "replaced": [{"file": each.path.name, **where} for each in written for where in each.replaced],
    }
    identity = package_id(lists.generation_id, audience.channel, plan.recipient.code, content)
    ledger.keep_lines(
        lists.connection,
        f"select customer_ref, anchor, tier, tier_name, fingerprint, change from {plan.source} order by customer_ref",
        ledger.state_file(settings, draft.with_name(identity)),
    )
    hold = {"held": bool(plan.why), "why": plan.why}
    return place(draft, {"package_id": identity, "sequence": plan.sequence, **content, **hold})


_WRITERS: dict[str, Callable[[ListTable, Path], list[Written]]] = {
    "xlsx": write_xlsx,
    "csv": write_csv,
    "jsonl": write_jsonl,
    "dat": write_dat,
}
