"""Four business dates through the command line, with acknowledgements of every kind between them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from recipient_view import bank_rows, csv_rows, json_rows, manifest

from warehouse.settings import Settings, get_settings

pytestmark = pytest.mark.slow  # four whole runs

DATES = ("2026-02-28", "2026-03-15", "2026-03-31", "2026-04-30")
Line = dict[str, Any]


class House:
    """An installation with its landing folder, and what a channel sees of it."""

    def __init__(self, folder: Path) -> None:
        self.home, self.landing = folder / "home", folder / "home" / "landing"
        self.settings: Settings = get_settings(home=self.home)
        self.as_of = ""
        self._acks = 0
        self.glife("sample", "--persons", "300", "--out", str(self.landing), "--keys", str(self.home / "keys"))

    def glife(self, *arguments: str) -> str:
        command = str(Path(sys.executable).with_name("glife"))
        own = {"GLIFE_HOME": str(self.home), "HOME": str(self.home.parent), "GLIFE_QUIET_SECONDS": "0"}
        done = subprocess.run([command, *arguments], env={**os.environ, **own}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, as_of: str) -> None:
        """The daily job; what a guard held is let go, so that every recipient has a list of the date."""
        self.as_of = as_of
        self.glife("run", "--as-of", as_of)
        for package in self.status()["packages"]:
            if package["state"] == "held" and package["as_of"] == as_of:
                self.glife("release", package["package_id"], "--name", "Wang", "--reason", "the sample is small")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.glife("status", "--json"))
        return found

    def package(self, channel: str, recipient: str, as_of: str | None = None) -> Path:
        """The folder of a recipient's package of a date, default the last."""
        folders = (path.parent for path in (self.home / "outbox" / channel / recipient).glob("*/_READY"))
        (found,) = (folder for folder in folders if manifest(folder)["as_of"] == (as_of or self.as_of))
        return found

    def recipients(self, channel: str) -> list[str]:
        """Who was sent a list of the last date."""
        sent = (path.parent for path in (self.home / "outbox" / channel).glob("*/*/_READY"))
        return sorted(folder.parent.name for folder in sent if manifest(folder)["as_of"] == self.as_of)

    def lines(self, channel: str, recipient: str) -> dict[str, Line]:
        folder = self.package(channel, recipient)
        if channel == "wechat":
            return {row["openid"]: row for row in json_rows(folder, "tag_sync.jsonl")}
        rows: list[Line] = (
            json_rows(folder, "customers.jsonl")
            if channel == "crm"
            else [*bank_rows(folder)]
            if channel == "banca"
            else [*csv_rows(self.settings, folder)]
        )
        return {row["customer_ref"]: row for row in rows}

    def acknowledge(
        self, folder: Path, status: str = "ACCEPTED", rejected: list[dict[str, str]] | None = None, **other: str
    ) -> None:
        """Drop an acknowledgement as a channel does; ``other`` replaces what it says or who it names."""
        self._acks += 1
        recipient = other.pop("sender", folder.parent.name)
        package = other.get("package_id", folder.name)
        content = {
            "package_id": package,
            "sha256": hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest(),
            "received_at": f"{self.as_of}T20:{self._acks:02d}:00",
            "status": status,
            "rejected": rejected or [],
            **other,
        }
        target = self.landing / "acks" / self.as_of / f"{recipient}_{package}.ack.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # a file is delivered once: a second answer comes in a file of its own
            target = target.with_name(f"{recipient}_{package}-{self._acks}.ack.json")
        draft = target.with_name(f".{target.name}.tmp")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.rename(target)


def changes(lines: dict[str, Line]) -> dict[str, str]:
    return {reference: line["change"] for reference, line in lines.items()}


def held_after(before: dict[str, Line], lines: dict[str, Line], refused: set[str]) -> dict[str, str]:
    """Reference → tier that a recipient holds once it took ``lines`` but for ``refused``."""
    holds = {ref: line["tier"] for ref, line in before.items()}
    for reference, line in lines.items():
        if reference not in refused:
            holds.pop(reference, None)
            if line["change"] != "REMOVED":
                holds[reference] = line["tier"]
    return {ref: str(tier) for ref, tier in holds.items()}


def assert_told_against(lines: dict[str, Line], holds: dict[str, str]) -> None:
    assert {ref for ref, line in lines.items() if line["change"] != "NEW"} == set(holds)
    for reference, line in lines.items():
        if line["change"] != "NEW":
            assert str(line["previous_tier"]) == holds[reference]


def test_four_dates_with_acknowledgements_of_every_kind(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.run(DATES[0])
    branch, other_branch, *_ = house.recipients("individual")
    partner, *_ = house.recipients("broker")
    bank, follower = house.lines("banca", "B01"), house.lines("wechat", "wechat_individual")
    assert set(changes(house.lines("individual", branch)).values()) == {"NEW"}
    refused = set(sorted(bank)[:2])
    silent = sorted(follower)[0]
    house.acknowledge(house.package("individual", branch))
    house.acknowledge(house.package("banca", "B01"), "PARTIAL", [{"customer_ref": ref, "reason": "gone"} for ref in refused])
    house.acknowledge(house.package("wechat", "wechat_individual"), "PARTIAL", [{"openid": silent, "reason": "40003"}])
    house.acknowledge(house.package("broker", partner), "REJECTED")
    house.acknowledge(house.package("banca", "B02"), package_id="20260228-0000000000")
    house.acknowledge(house.package("banca", "B03"), sha256="0" * 64)
    house.acknowledge(house.package("individual", other_branch), sender=branch)
    branch_holds = held_after({}, house.lines("individual", branch), set())
    bank_holds = held_after({}, bank, refused)

    house.run(DATES[1])
    assert manifest(house.package("individual", branch))["base_package_id"] == house.package("individual", branch, DATES[0]).name
    assert_told_against(house.lines("individual", branch), branch_holds)
    assert_told_against(house.lines("banca", "B01"), bank_holds)
    assert set(changes(house.lines("broker", partner)).values()) == {"NEW"}  # it refused the first
    assert set(changes(house.lines("banca", "B03")).values()) == {"NEW"}  # a wrong hash acknowledges nothing
    assert set(changes(house.lines("individual", other_branch)).values()) == {"NEW"}
    assert_tags_follow(house, silent)
    faults = {fault.split(": ")[1] for fault in house.status()["faults"]}
    assert faults == {"UNKNOWN_PACKAGE", "WRONG_HASH", "WRONG_RECIPIENT"}
    bank_holds = held_after({ref: {"tier": tier} for ref, tier in bank_holds.items()}, house.lines("banca", "B01"), set())
    house.acknowledge(house.package("banca", "B01"))
    house.acknowledge(house.package("banca", "B01"))  # twice
    house.acknowledge(house.package("broker", partner))

    house.run(DATES[2])
    assert_told_against(house.lines("individual", branch), branch_holds)  # the second was not acknowledged
    assert_told_against(house.lines("banca", "B01"), bank_holds)
    others = house.recipients("broker")
    assert others and partner not in others  # the quarter that closed was a poor one
    assert set(changes(house.lines("crm", "crm")).values()) == {"NEW"}
    branch_holds = held_after({}, house.lines("individual", branch), set())
    house.acknowledge(house.package("individual", branch))
    house.acknowledge(house.package("individual", branch, DATES[1]))  # late, of an older list

    house.run(DATES[3])
    assert_told_against(house.lines("individual", branch), branch_holds)
    assert_standing_is_told(house, branch, other_branch, partner)


def assert_standing_is_told(house: House, branch: str, other_branch: str, partner: str) -> None:
    """Where each package stands, who owes an answer, and which answers were faulty."""
    states = {(each["channel"], each["recipient"], each["as_of"]): each["state"] for each in house.status()["packages"]}
    assert states["broker", partner, DATES[0]] == "rejected"
    assert states["banca", "B01", DATES[0]] == "partial"
    assert states["banca", "B01", DATES[1]] == "accepted"
    assert states["crm", "crm", DATES[3]] == "sent"
    overdue = {tuple(reminder.split(":")[0].split()) for reminder in house.status()["reminders"]}
    assert ("crm", "crm") in overdue and ("individual", other_branch) in overdue
    assert ("individual", branch) not in overdue
    assert "REPEATED" in {fault.split(": ")[1] for fault in house.status()["faults"]}


def assert_tags_follow(house: House, silent: str) -> None:
    """A tag is taken off where it was put on; not where the platform had refused."""
    first = {
        row["openid"]: row["add"] for row in json_rows(house.package("wechat", "wechat_individual", DATES[0]), "tag_sync.jsonl")
    }
    for openid, line in house.lines("wechat", "wechat_individual").items():
        moved = openid in first and openid != silent and first[openid] != line["add"]
        assert line["remove"] == (first[openid] if moved else []), openid
