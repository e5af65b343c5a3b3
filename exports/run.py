"""Exports: from a published generation to one package per recipient in the outbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exports import ledger
from exports.audience import CHANNELS, load_audience
from exports.encryption import key_file
from exports.lists import Lists, Recipient, channel_lists, mark_changes
from exports.package import (
    Package,
    PackageResult,
    all_packages,
    find_package,
    mark_ready,
    packages_of,
    recipient_folder,
)
from exports.plan import Plan
from exports.workers import workers
from exports.writing import finish_writing, key_problems, private_folder, start_writing
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
    results = []
    for channel in channels or CHANNELS:
        with _due_lists(settings, generation_dir, channel, recipients) as lists:
            if lists is not None:
                results += _export_channel(settings, lists)
    return results


def dry_run(
    settings: Settings,
    generation_dir: Path,
    channels: list[str] | None = None,
    recipients: list[str] | None = None,
) -> list[PackageResult]:
    """Say what ``export_all`` would send, remove and hold, per recipient; writes nothing."""
    results = []
    for channel in channels or CHANNELS:
        with _due_lists(settings, generation_dir, channel, recipients) as lists:
            if lists is not None:
                known = _known_state(settings, lists)
                results += [_foretell(settings, lists, recipient, known) for recipient in lists.recipients]
    return results


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
        if package.is_ready:
            raise GlifeError("the package is not held", f"package {identity}", "see `glife status`")
        if not package.manifest["files"]:
            key = key_file(settings, package.manifest["channel"], package.folder.parent.name)
            remedy = f"put the recipient's public key into {key} and run `glife export`"
            raise GlifeError("the package could not be encrypted, so it holds no data", f"package {identity}", remedy)
        newest = max(packages_of(package.folder.parent), key=lambda each: each.manifest["sequence"])
        if newest.package_id != identity:
            raise GlifeError("a newer package was made since", f"package {identity}", f"look at {newest.package_id}")
        runlog.log(settings, "released", package_id=identity, by=name, reason=reason, why=package.manifest["why"])
        released = Package(package.folder, {**package.manifest, "held": False, "why": []})
        write_json(released.folder / "manifest.json", released.manifest)
        mark_ready(released)
    return released.result(is_new=True)


@contextmanager
def _due_lists(settings: Settings, generation_dir: Path, channel: str, recipients: list[str] | None) -> Iterator[Lists | None]:
    """A channel's lists under its lock, or nothing on a day that is not on its schedule."""
    if not (generation_dir / "restricted.duckdb").is_file():
        raise GlifeError("the generation has no restricted.duckdb", str(generation_dir), "publish it again")
    audience = load_audience(channel)
    with (
        lock(settings.outbox / channel / ".lock", f"exports of {channel}"),
        channel_lists(settings, generation_dir, audience, recipients) as lists,
    ):
        yield lists if audience.is_due(lists.as_of) else None


def _export_channel(settings: Settings, lists: Lists) -> list[PackageResult]:
    """Plan every recipient's package, have all files written side by side, then place one package after the other."""
    known = _known_state(settings, lists)
    results, plans = [], []
    for recipient in lists.recipients:
        packages = known.packages[recipient.code]
        if made := _made_already(packages, lists.generation_id):
            results.append(made.result(is_new=False))
        else:
            plans.append(_plan(lists, recipient, known))
    channel = lists.audience.channel
    with (
        private_folder(settings, channel) as private,
        workers(sum(plan.lines for plan in plans), settings.threads) as pool,
        progress(f"lists for {channel}", unit="packages") as advance,
    ):
        for writing in [start_writing(plan, private, pool) for plan in plans]:
            package = finish_writing(settings, writing, recipient_folder(settings, channel, writing.plan.recipient.code))
            _drop_unsent(package)
            results.append(package.result(is_new=True))
            _log(settings, results[-1])
            advance(1)
    return sorted(results, key=lambda result: result.recipient)


@dataclass(frozen=True)
class _Known:
    """Every recipient's packages, and the one that it accepted last; what they hold is in table ``held``."""

    packages: dict[str, list[Package]]
    base: dict[str, Package]


def _known_state(settings: Settings, lists: Lists) -> _Known:
    judged = ledger.judge(all_packages(settings), ledger.read_acks(settings))
    known = _Known({}, {})
    lists.connection.execute(ledger.HELD_TABLE)
    for recipient in lists.recipients:
        folder = recipient_folder(settings, lists.audience.channel, recipient.code)
        known.packages[recipient.code] = list(packages_of(folder))
        taken = ledger.accepted(known.packages[recipient.code], judged)
        if taken:
            known.base[recipient.code] = taken[-1][0]
            ledger.load_state(settings, lists.connection, taken, "state")
            lists.connection.execute("insert into held select ?, * from state", [recipient.code])
    mark_changes(lists, ledger.salt(settings))
    return known


def _plan(lists: Lists, recipient: Recipient, known: _Known) -> Plan:
    earlier = [each for each in known.packages[recipient.code] if each.manifest["generation_id"] != lists.generation_id]
    return Plan(lists, recipient, known.base.get(recipient.code), earlier)


def _foretell(settings: Settings, lists: Lists, recipient: Recipient, known: _Known) -> PackageResult:
    if made := _made_already(known.packages[recipient.code], lists.generation_id):
        return made.result(is_new=False)
    folder = recipient_folder(settings, lists.audience.channel, recipient.code)
    plan = _plan(lists, recipient, known)
    why = (*key_problems(settings, lists.audience, folder.name), *plan.why)
    return PackageResult(lists.audience.channel, recipient.code, "", folder, True, bool(why), why, plan.totals)


def _made_already(packages: Iterable[Package], generation_id: str) -> Package | None:
    """The package that was sent from this generation; a held one is looked at again."""
    return next((each for each in packages if each.manifest["generation_id"] == generation_id and each.is_ready), None)


def _drop_unsent(package: Package) -> None:
    """Remove what was made for the recipient before and never marked: held on another footing, or cut off by a kill.

    Held packages of other generations stay, to be told of.
    """
    for other in packages_of(package.folder.parent):
        is_other = other.package_id != package.package_id and not other.is_ready
        if is_other and (other.manifest["generation_id"] == package.manifest["generation_id"] or not other.manifest["held"]):
            shutil.rmtree(other.folder)


def _log(settings: Settings, result: PackageResult) -> None:
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
