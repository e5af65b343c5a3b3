"""Four business dates of one branch, every kind of answer between them, all through the landing folder and ingest.

The fast twin of test_acknowledged_lists.py, which takes whole runs.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

from lake_acks import generation_of
from recipient_view import manifest

from exports.package import PackageResult, sha256_of
from exports.run import export_all
from exports.standing import standing
from ingest.run import ingest_source
from warehouse.settings import Settings


def send(settings: Settings, folder: Path, number: int, tiers: dict[int, int]) -> PackageResult:
    (result,) = export_all(settings, generation_of(folder, number, tiers), ["individual"], ["31"])
    return result


def lines(package: PackageResult) -> dict[str, dict[str, str]]:
    with (package.folder / "tier_list.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["customer_ref"]: row for row in csv.DictReader(file)}


def changes(package: PackageResult) -> list[str]:
    return sorted(row["change"] for row in lines(package).values())


def answer(settings: Settings, package: PackageResult, at: str, **other: object) -> None:
    content = {
        "package_id": package.package_id,
        "sha256": sha256_of(package.folder / "manifest.json"),
        "received_at": f"2026-02-{at}:00",
        "status": "ACCEPTED",
        "rejected": [],
        **other,
    }
    folder = settings.landing / "acks" / "2026-02-28"
    folder.mkdir(parents=True, exist_ok=True)
    nth = len(list(folder.iterdir()))
    (folder / f"31_{package.package_id}-{nth}.ack.json").write_text(json.dumps(content), encoding="utf-8")


def test_each_list_compares_with_what_was_accepted(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3, 2: 5, 3: 1})
    assert changes(first) == ["NEW", "NEW", "NEW"]
    refused = next(ref for ref, row in lines(first).items() if row["tier"] == "1")
    answer(settings, first, "01T09:00", package_id="20260101-0000")
    answer(settings, first, "01T09:01", sha256="0" * 64)
    answer(settings, first, "01T09:02")  # the next overrules it
    answer(settings, first, "01T09:03", status="PARTIAL", rejected=[{"customer_ref": refused, "reason": "not ours"}])
    answer(settings, first, "01T09:04", status="PARTIAL", rejected=[{"customer_ref": refused, "reason": "not ours"}])
    ingest_source(settings, "acks")

    second = send(settings, tmp_path, 2, {1: 4, 2: 5, 3: 1})
    assert changes(second) == ["CHANGED", "NEW", "SAME"]  # the refused line is new again
    assert manifest(second.folder)["base_package_id"] == first.package_id
    answer(settings, second, "02T09:00", status="REJECTED")
    ingest_source(settings, "acks")

    third = send(settings, tmp_path, 3, {2: 5, 3: 1})
    assert changes(third) == ["NEW", "REMOVED", "SAME"]  # still against the first
    assert manifest(third.folder)["base_package_id"] == first.package_id
    answer(settings, third, "03T09:00")
    answer(settings, second, "04T09:00")  # out of order: second thoughts on an older list
    ingest_source(settings, "acks")

    fourth = send(settings, tmp_path, 4, {2: 5, 3: 1})
    assert changes(fourth) == ["SAME", "SAME"]  # the third was made after the second
    assert manifest(fourth.folder)["base_package_id"] == third.package_id

    now = standing(settings, date(2026, 2, 10))
    assert [each.state for each in now.packages] == ["partial", "accepted", "accepted", "sent"]
    faults = sorted(fault.split(": ")[1] for fault in now.faults)
    assert "UNKNOWN_PACKAGE" in faults and "WRONG_HASH" in faults and "REPEATED" in faults
    assert [reminder.split(":")[0] for reminder in now.reminders] == ["individual 31"]  # the fourth is owed an answer
