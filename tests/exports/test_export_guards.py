"""Lists that moved too far are held with their causes, ranked; what may lie behind is named; a release is somebody's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from exports_generation import write_generation
from lake_acks import acknowledge, generation_of
from recipient_view import manifest

from exports.package import PackageResult
from exports.run import dry_run, export_all, release_package
from exports.standing import standing
from warehouse.errors import GlifeError
from warehouse.settings import Settings

MANY = dict.fromkeys(range(60), 3)


def send(settings: Settings, folder: Path, number: int, tiers: dict[int, int], *changes: str) -> PackageResult:
    generation = generation_of(folder, number, tiers)
    with duckdb.connect(str(generation / "restricted.duckdb")) as connection:
        for change in changes:
            connection.execute(change)
    (result,) = export_all(settings, generation, ["individual"], ["31"])
    return result


def test_causes_of_a_movement_are_ranked_and_name_rule_and_cause(settings: Settings, tmp_path: Path) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, MANY))
    moved = {person: 2 if person < 20 else 4 if person < 30 else 3 for person in MANY}
    cause = "insert into mart.tier_move_customer select 'p' || i, 3, 2, 'CONSENT' from range(20) as t (i)"
    held = send(settings, tmp_path, 2, moved, cause)
    assert held.is_held and not (held.folder / "_READY").exists()
    assert held.why == (
        "MOVED: 30 of 60 lines (50.0%, limit 30%); "
        "causes: 正常经营 → 重点开发 by T2_DEVELOP (CONSENT) 20, 正常经营 → 续收保证 by T4_RENEWAL 10",
    )


def test_changed_parameters_and_late_sources_are_named(settings: Settings, tmp_path: Path) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, MANY))
    (tmp_path / "20260001-x").symlink_to(tmp_path / "generation-1")  # generations lie side by side under their ids
    held = send(
        settings,
        tmp_path,
        2,
        dict.fromkeys(MANY, 1),
        "update mart.generation set parameter_version = 'p2', as_of = date '2026-02-28'",
        "update reference.tier_strategy set contact_cadence_days = 7 where strategy_code = 'S1'",
        "insert into mart.load values ('core_life', date '2026-02-28', 'LOADED'), ('crm', date '2026-02-27', 'REJECTED')",
    )
    first = manifest(held.folder)["base_package_id"]
    assert list(held.why[1:]) == [
        f"PARAMETERS changed since {first}: tier_strategy",
        "LATE: crm delivered last for no date yet",
        "LATE: channel_individual delivered last for 2026-01-31",
    ]


def test_removals_and_growth_are_held(settings: Settings, tmp_path: Path) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, MANY))
    fewer = send(settings, tmp_path, 2, {person: 3 for person in MANY if person < 40})
    assert fewer.why == ("REMOVED: 20 of 60 lines (33.3%, limit 20%); causes: DELETED 20",)
    more = send(settings, tmp_path, 3, dict.fromkeys(range(130), 3))
    assert more.why[0] == "GROWN: 70 of 60 lines (116.7%, limit 100%); causes: into 正常经营 70"


def test_size_and_emptiness_are_held_also_where_nothing_was_accepted(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, MANY)
    assert not first.is_held
    grown = send(settings, tmp_path, 2, dict.fromkeys(range(100), 3))
    assert grown.why == (f"SIZE: 100 customers, 60 on {first.package_id} (limit 50% more or fewer)",)
    assert send(settings, tmp_path, 3, {}).why == (
        "EMPTY: nobody is left of 60 customers; causes: a list was sent, none accepted",
    )


def test_an_account_whose_tags_move_is_held(settings: Settings, tmp_path: Path) -> None:
    people = (
        "insert into core.follower select 'wechat_broker', 'f' || i, true from range(60) as t (i)",
        "insert into identity.int_identity__person_record by name select 'wechat_broker:f' || i as record_key, "
        "'wechat_broker' as source_system, 'f' || i as source_record_id from range(60) as t (i)",
        "insert into identity.int_identity__customer_record select 'wechat_broker:f' || i, 'c1' from range(60) as t (i)",
    )
    before = write_generation(tmp_path / "before", *people)
    (first,) = export_all(settings, before, ["wechat"], ["wechat_broker"])
    acknowledge(settings, first)
    after = write_generation(
        tmp_path / "after",
        *people,
        "update mart.generation set generation_id = '20260228-x'",
        "update mart.customer_tier set tier = 2, tier_name = '重点开发', rule_id = 'T2_DEVELOP' where customer_id = 'c1'",
    )
    (held,) = export_all(settings, after, ["wechat"], ["wechat_broker"])
    assert held.why[0].startswith("MOVED: 61 of 61 lines") and held.why[0].endswith("by T2_DEVELOP 61")


def test_a_release_needs_a_name_and_a_reason_is_logged_and_can_be_finished(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, MANY))
    held = send(settings, tmp_path, 2, dict.fromkeys(MANY, 1))
    (state,) = [each for each in standing(settings, held_on(held)).packages if each.state == "held"]
    assert f"glife release {held.package_id} --by" in state.remedy
    with pytest.raises(GlifeError, match="needs a name and a reason"):
        release_package(settings, held.package_id, " ", "campaign")
    with monkeypatch.context() as patched:
        patched.setattr("exports.run.mark_ready", _die)
        with pytest.raises(KeyboardInterrupt):
            release_package(settings, held.package_id, "Wang", "campaign")
    assert not (held.folder / "_READY").exists()
    assert not release_package(settings, held.package_id, "Wang", "campaign").is_held
    assert (held.folder / "_READY").exists() and manifest(held.folder)["held"] is False
    assert '"by": "Wang", "reason": "campaign"' in (settings.log_dir / "runs.jsonl").read_text(encoding="utf-8")
    with pytest.raises(GlifeError, match="is not held"):
        release_package(settings, held.package_id, "Wang", "campaign")


def held_on(result: PackageResult) -> date:
    return date.fromisoformat(manifest(result.folder)["as_of"])


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_held_list_is_looked_at_again_and_leaves_one_package(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, MANY)
    acknowledge(settings, first)
    held = send(settings, tmp_path, 2, dict.fromkeys(MANY, 1))
    acknowledge(settings, first, "REJECTED")  # the recipient had second thoughts: there is nothing to compare with
    (sent,) = export_all(settings, tmp_path / "generation-2", ["individual"], ["31"])
    assert not sent.is_held and sent.package_id != held.package_id
    assert not held.folder.exists()


def test_a_dry_run_tells_and_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, MANY))
    generation = generation_of(tmp_path, 2, dict.fromkeys(MANY, 1))
    before = sorted(path for path in settings.home.rglob("*") if path.is_file())
    (told,) = dry_run(settings, generation, ["individual"], ["31"])
    assert told.is_held and told.totals["change"] == {"NEW": 0, "CHANGED": 60, "SAME": 0, "REMOVED": 0}
    assert sorted(path for path in settings.home.rglob("*") if path.is_file()) == before
    (made,) = export_all(settings, generation, ["individual"], ["31"])
    assert (made.why, made.totals) == (told.why, told.totals)
