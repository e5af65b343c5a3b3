"""What became of each package: sent, acknowledged, held; answers that do not count; recipients that owe an answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from exports import ledger
from exports.audience import load_audience
from exports.delivery import delivered_at
from exports.encryption import key_file
from exports.package import Package, all_packages
from warehouse.settings import Settings

HELD, SUPERSEDED, UNFINISHED, SENT = "held", "superseded", "unfinished", "sent"


@dataclass(frozen=True)
class PackageState:
    """A package and what became of it: held, superseded (held, and a newer one was made), unfinished, sent, accepted,
    partial or rejected."""

    channel: str
    recipient: str
    package_id: str
    as_of: str
    state: str
    why: tuple[str, ...]
    is_newest: bool
    remedy: str = ""
    delivered_at: str | None = None


@dataclass(frozen=True)
class Standing:
    """``faults`` are acknowledgements that do not count, ``reminders`` recipients whose answer is overdue."""

    packages: tuple[PackageState, ...]
    faults: tuple[str, ...]
    reminders: tuple[str, ...]


def standing(settings: Settings, as_of: date) -> Standing:
    """Where every package stands on ``as_of``, from the outbox and the acknowledgements in the lake."""
    packages = all_packages(settings)
    judged = ledger.judge(packages, ledger.read_acks(settings))
    answers = {each.ack.package_id: each.ack.status.lower() for each in judged if each.outcome == "COUNTED"}
    newest = _newest(packages)
    states = {package.package_id: _state(package, answers, package.package_id in newest) for package in packages}
    return Standing(
        tuple(
            PackageState(
                package.manifest["channel"],
                package.recipient,
                package.package_id,
                package.manifest["as_of"],
                states[package.package_id],
                tuple(package.manifest["why"]),
                package.package_id in newest,
                _remedy(settings, package) if package.package_id in newest else "",
                delivered_at(settings, package),
            )
            for package in packages
        ),
        tuple(f"{each.ack.file_name}: {each.outcome}" for each in judged if each.outcome not in ("COUNTED", "OVERRULED")),
        tuple(_reminders(packages, states, as_of)),
    )


def _state(package: Package, answers: dict[str, str], is_newest: bool) -> str:
    if package.manifest["held"]:
        return HELD if is_newest else SUPERSEDED
    if not package.is_ready:
        return UNFINISHED
    return answers.get(package.package_id, SENT)


def _remedy(settings: Settings, package: Package) -> str:
    """What to do about a held package."""
    if not package.manifest["held"]:
        return ""
    channel = package.manifest["channel"]
    if not package.manifest["files"]:
        key = key_file(settings, channel, package.folder.parent.name)
        return f"put the recipient's OpenPGP public key into {key}, then `glife export {channel}` sends it, without a new build"
    return f"when the causes are right: `glife release {package.package_id} --by NAME --reason TEXT`"


def _newest(packages: list[Package]) -> set[str]:
    """Ids of each recipient's newest package."""
    last: dict[tuple[str, str], Package] = {}
    for package in sorted(packages, key=lambda each: each.manifest["sequence"]):
        last[package.manifest["channel"], package.recipient] = package
    return {package.package_id for package in last.values()}


def _reminders(packages: list[Package], states: dict[str, str], as_of: date) -> list[str]:
    """Recipients that answered nothing since a package older than the channel allows."""
    by_recipient: dict[tuple[str, str], list[Package]] = defaultdict(list)
    for package in packages:
        by_recipient[package.manifest["channel"], package.recipient].append(package)
    reminders = []
    for (channel, recipient), own in sorted(by_recipient.items()):
        own.sort(key=lambda each: each.manifest["sequence"])
        unanswered = _since_last_answer(own, states)
        if not unanswered:
            continue
        days = (as_of - date.fromisoformat(unanswered[0].manifest["as_of"])).days
        if days >= load_audience(channel).answer_within_days:
            reminders.append(f"{channel} {recipient}: no answer for {days} days to {unanswered[0].package_id}")
    return reminders


def _since_last_answer(own: list[Package], states: dict[str, str]) -> list[Package]:
    answered = [at for at, each in enumerate(own) if states[each.package_id] not in (HELD, SUPERSEDED, UNFINISHED, SENT)]
    later = own[answered[-1] + 1 :] if answered else own
    return [each for each in later if states[each.package_id] == SENT]
