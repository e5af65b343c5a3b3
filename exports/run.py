"""Exports: from a published generation to one package per recipient in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from exports import ledger
from exports.audience import CHANNELS, load_audience
from exports.lists import Lists, Recipient, channel_lists, mark_changes
from exports.package import (
    Package,
    PackageResult,
    all_packages,
    draft_folder,
    find_package,
    mark_ready,
    packages_of,
    recipient_folder,
)
from exports.plan import Plan
from exports.writing import key_problems, write_package
from warehouse import runlog
from warehouse.errors import GlifeError
from warehouse.files import lock, write_json
from warehouse.progress import progress
from warehouse.settings import Settings


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
        if not package.manifest["files"]:
            raise GlifeError("the package could not be encrypted", f"package {identity}", "add the key, export again")
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
            if not audience.is_due(lists.as_of):
                continue
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
    if made := _made_already(packages, lists.generation_id):
        return made.result(is_new=False)
    earlier = [each.manifest["sequence"] for each in packages if each.manifest["generation_id"] != lists.generation_id]
    plan = Plan(lists, recipient, known.base.get(recipient.code), max(earlier, default=0) + 1)
    result = write_package(settings, plan, draft_folder(folder)).result(is_new=True)
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
    folder = recipient_folder(settings, lists.audience.channel, recipient.code)
    if made := _made_already(packages_of(folder), lists.generation_id):
        return made.result(is_new=False)
    plan = Plan(lists, recipient, known.base.get(recipient.code), 0)
    why = (*key_problems(settings, lists.audience, folder.name), *plan.why)
    return PackageResult(lists.audience.channel, recipient.code, "", folder, True, bool(why), why, plan.totals)


def _made_already(packages: Iterable[Package], generation_id: str) -> Package | None:
    """The package that was sent from this generation; a held one is looked at again."""
    return next((each for each in packages if each.manifest["generation_id"] == generation_id and each.is_ready), None)
