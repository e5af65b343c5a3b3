"""Delivery: each recipient's newest package to its declared target, and its answers back into the landing folder.

A package goes out once: what was delivered is noted under $GLIFE_HOME/delivery, and every connector goes on where it
stopped. What one target refuses stops no other; a later `glife deliver` tries it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exports.connectors import acks
from exports.connectors.folder import drop
from exports.connectors.target import FolderTarget, SftpTarget, Target, load_targets
from exports.package import Package, all_packages
from warehouse import runlog
from warehouse.errors import GlifeError
from warehouse.files import lock, write_json
from warehouse.settings import Settings


@dataclass(frozen=True)
class DeliveryOutcome:
    """What came of one recipient's delivery: a package that went out, answers that came in, or why not."""

    channel: str
    recipient: str
    package_id: str
    is_new: bool
    acks: tuple[Path, ...] = ()
    problem: str = ""


def deliver(settings: Settings, as_of: str, channels: list[str] | None = None) -> list[DeliveryOutcome]:
    """Deliver to every declared target of ``channels`` (default all). Answers are landed under the date ``as_of``.

    Raises GlifeError when the declaration is wrong; what goes wrong with one target is told in its outcome.
    """
    targets = load_targets(settings)
    landing = settings.landing / "acks" / as_of
    outcomes = []
    for package in _newest_ready(settings):
        channel = package.manifest["channel"]
        target = targets.of(channel, package.recipient)
        if target is None or (channels and channel not in channels):
            continue
        with lock(settings.home / "delivery" / channel / f".{package.folder.parent.name}.lock", f"delivery to {channel}"):
            outcomes.append(_deliver_one(settings, target, package, landing))
        _log(settings, outcomes[-1])
    return outcomes


def delivered_at(settings: Settings, package: Package) -> str | None:
    """When a package went out, or nothing."""
    note = _note(settings, package)
    return json.loads(note.read_text(encoding="utf-8"))["delivered_at"] if note.is_file() else None


def _deliver_one(settings: Settings, target: Target, package: Package, landing: Path) -> DeliveryOutcome:
    channel, note = package.manifest["channel"], _note(settings, package)
    is_new, answers, problem = False, [], ""
    try:
        if not note.is_file():
            answers += _send(settings, target, package, landing)
            write_json(note, {"delivered_at": runlog.now().isoformat(), "connector": target.connector})
            is_new = True
        answers += _fetch(target, package, landing)
    except (GlifeError, OSError) as error:
        problem = str(error)
    return DeliveryOutcome(channel, package.recipient, package.package_id, is_new, tuple(answers), problem)


def _send(settings: Settings, target: Target, package: Package, landing: Path) -> list[Path]:
    match target:
        case FolderTarget():
            drop(target, package)
            return []
        case SftpTarget():
            from exports.connectors.sftp import upload

            upload(target, package)
            return []
        case _:
            from exports.connectors.wechat import synchronise

            state = settings.home / "delivery" / package.manifest["channel"] / f"{package.folder.parent.name}.sqlite"
            return [synchronise(target, package, state, landing)]


def _fetch(target: Target, package: Package, landing: Path) -> list[Path]:
    match target:
        case FolderTarget():
            return acks.collect(target, package.folder.parent.name, landing)
        case SftpTarget():
            from exports.connectors.sftp import fetch_acks

            return fetch_acks(target, landing)
        case _:
            return []


def _newest_ready(settings: Settings) -> Iterator[Package]:
    """Each recipient's newest package, if it may be read: a newer one that is held does not send an older one out."""
    newest: dict[Path, Package] = {}
    for package in all_packages(settings):
        before = newest.get(package.folder.parent)
        if before is None or before.manifest["sequence"] <= package.manifest["sequence"]:
            newest[package.folder.parent] = package
    yield from (package for package in newest.values() if package.is_ready)


def _note(settings: Settings, package: Package) -> Path:
    return settings.home / "delivery" / package.folder.relative_to(settings.outbox).with_suffix(".json")


def _log(settings: Settings, outcome: DeliveryOutcome) -> None:
    event = "delivery_failed" if outcome.problem else "delivered" if outcome.is_new else "answers" if outcome.acks else ""
    if event:
        runlog.log(
            settings,
            event,
            channel=outcome.channel,
            recipient=outcome.recipient,
            package_id=outcome.package_id,
            acks=len(outcome.acks),
            why=outcome.problem,
        )
