"""What a recipient holds is what it acknowledged: changes, removals and why, acknowledgements gone wrong."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path

import pytest
from exports_generation import write_generation
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lake_acks import acknowledge, generation_of
from recipient_view import bank_rows, csv_rows, json_rows

from exports import audience as audiences
from exports import ledger
from exports import package as packaging
from exports.audience import Audience
from exports.package import PackageResult, all_packages
from exports.run import export_all
from warehouse.settings import Settings, get_settings


def send(settings: Settings, folder: Path, number: int, tiers: dict[int, int]) -> PackageResult:
    (result,) = export_all(settings, generation_of(folder, number, tiers), ["individual"], ["31"])
    return result


def lines(result: PackageResult) -> dict[str, dict[str, str]]:
    with (result.folder / "tier_list.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["customer_ref"]: row for row in csv.DictReader(file)}


def changes(result: PackageResult) -> list[str]:
    return sorted(row["change"] for row in lines(result).values())


def base(result: PackageResult) -> str | None:
    return json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))["base_package_id"]


def outcomes(settings: Settings) -> list[str]:
    return [each.outcome for each in ledger.judge(all_packages(settings), ledger.read_acks(settings))]


def test_what_was_sent_but_not_acknowledged_does_not_count(settings: Settings, tmp_path: Path) -> None:
    send(settings, tmp_path, 1, {1: 3, 2: 5})
    assert changes(send(settings, tmp_path, 2, {1: 3, 2: 5})) == ["NEW", "NEW"]


def test_changes_are_told_against_the_accepted_list(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3, 2: 5, 3: 1})
    acknowledge(settings, first)
    second = send(settings, tmp_path, 2, {1: 3, 2: 4, 4: 2})
    assert changes(second) == ["CHANGED", "NEW", "REMOVED", "SAME"]
    assert base(second) == first.package_id
    by_change = {row["change"]: row for row in lines(second).values()}
    assert (by_change["CHANGED"]["previous_tier"], by_change["CHANGED"]["tier"]) == ("5", "4")
    assert by_change["REMOVED"]["reasons"] == "DELETED 客户资料已不在来源系统"
    assert by_change["REMOVED"]["name"] == by_change["REMOVED"]["tier"] == ""


def test_rejected_lines_stay_as_they_were(settings: Settings, tmp_path: Path) -> None:
    acknowledge(settings, send(settings, tmp_path, 1, {1: 3, 2: 5}))
    second = send(settings, tmp_path, 2, {1: 1, 2: 5, 3: 2})
    rejected = [ref for ref, row in lines(second).items() if row["change"] in {"CHANGED", "NEW"}]
    acknowledge(settings, second, "PARTIAL", rejected)
    third = send(settings, tmp_path, 3, {1: 1, 2: 5, 3: 2})
    assert changes(third) == ["CHANGED", "NEW", "SAME"]
    assert base(third) == second.package_id


def test_a_refused_package_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3})
    acknowledge(settings, first)
    acknowledge(settings, send(settings, tmp_path, 2, {1: 3, 2: 3}), "REJECTED")
    third = send(settings, tmp_path, 3, {1: 3, 2: 3})
    assert (changes(third), base(third)) == (["NEW", "SAME"], first.package_id)


def test_acknowledgements_gone_wrong_are_named_and_do_not_count(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3})
    export_all(settings, tmp_path / "generation-1", ["individual"], ["44"])
    acknowledge(settings, first, package_id="20260101-none")
    acknowledge(settings, first, sha256="0" * 64)
    acknowledge(settings, first, sender="44")
    assert outcomes(settings) == ["UNKNOWN_PACKAGE", "WRONG_HASH", "WRONG_RECIPIENT"]
    assert changes(send(settings, tmp_path, 2, {1: 3})) == ["NEW"]
    acknowledge(settings, first, "REJECTED")
    acknowledge(settings, first)
    acknowledge(settings, first)
    assert outcomes(settings)[3:] == ["OVERRULED", "COUNTED", "REPEATED"]
    assert changes(send(settings, tmp_path, 3, {1: 3})) == ["SAME"]


def test_a_late_acknowledgement_of_an_older_list_does_not_turn_back(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3})
    second = send(settings, tmp_path, 2, {1: 4})
    acknowledge(settings, second)
    acknowledge(settings, first)
    third = send(settings, tmp_path, 3, {1: 4})
    assert (changes(third), base(third)) == (["SAME"], second.package_id)


def test_a_cancelled_policy_and_a_merge_are_told_as_such(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3, 2: 5, 3: 5})
    acknowledge(settings, first)
    generation = generation_of(tmp_path, 2, {1: 3, 2: 5, 3: 5})
    import duckdb

    with duckdb.connect(str(generation / "restricted.duckdb")) as connection:
        connection.execute("update core.policy set status = 'CANCELLED' where policy_no = 'p1'")
        connection.execute("update core.policy set holder_customer_id = 'p2' where policy_no = 'p3'")
        connection.execute("update identity.int_identity__customer_record set customer_id = 'p2' where customer_id = 'p3'")
    (second,) = export_all(settings, generation, ["individual"], ["31"])
    removed = {ref: row["reasons"] for ref, row in lines(second).items() if row["change"] == "REMOVED"}
    (survivor,) = [ref for ref, row in lines(second).items() if row["change"] == "CHANGED"]
    merged = next(ref for ref, reason in removed.items() if reason.startswith("MERGED"))
    assert sorted(removed.values()) == ["CANCELLED 自有保单已撤单", f"MERGED 并入 {survivor}"]
    assert lines(second)[survivor]["reasons"].endswith(f"合并自 {merged}")


APART = {  # two customers of a recipient, and what makes them one
    "P002": [],
    "ICBC": [
        "update core.own_group set own_group = record_key where scope = 'ICBC'",
        "insert into core.tier by name select * replace ('core_banca:B1' as own_group) from core.tier "
        "where own_group = 'channel_banca:R1'",
    ],
    "crm": [],
}
TOGETHER = {
    "P002": [
        "update core.own_group set own_group = 'channel_broker:P002:x' where scope = 'P002'",
        "delete from core.tier where scope = 'P002' and own_group like 'core_life%'",
    ],
    "ICBC": [],
    "crm": ["update identity.int_identity__customer_record set customer_id = 'c1' where customer_id = 'c6'"],
}


@pytest.mark.parametrize(("channel", "recipient"), [("broker", "P002"), ("banca", "ICBC"), ("crm", "crm")])
def test_a_merge_names_both_references_on_every_channel(settings: Settings, tmp_path: Path, channel: str, recipient: str) -> None:
    def reasons(folder: Path) -> dict[str, tuple[str, str]]:
        opened = {"crm": lambda: json_rows(folder, "customers.jsonl"), "banca": lambda: bank_rows(folder)}
        rows = opened.get(channel, lambda: csv_rows(settings, folder))()
        return {row["customer_ref"]: (row["change"], row["reasons"]) for row in rows}

    apart = write_generation(tmp_path / "apart", *APART[recipient])
    (first,) = export_all(settings, apart, [channel], [recipient])
    acknowledge(settings, first)
    newer = "update mart.generation set generation_id = '20260228-x'"
    (second,) = export_all(settings, write_generation(tmp_path / "together", newer, *TOGETHER[recipient]), [channel], [recipient])
    assert set(reasons(first.folder)) == set(reasons(second.folder))
    ((gone, why),) = [(ref, why) for ref, (change, why) in reasons(second.folder).items() if change == "REMOVED"]
    (survivor,) = [ref for ref, (_, why) in reasons(second.folder).items() if why.endswith(f"合并自 {gone}")]
    assert why == f"MERGED 并入 {survivor}"


@pytest.fixture
def in_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """The branches' declaration, sending differences."""
    declared = audiences.load_audience("individual")
    monkeypatch.setattr("exports.run.load_audience", lambda _: declared.model_copy(update={"mode": "delta"}))


@pytest.mark.usefixtures("in_differences")
def test_a_difference_holds_what_changed_only(settings: Settings, tmp_path: Path) -> None:
    first = send(settings, tmp_path, 1, {1: 3, 2: 5, 3: 1})
    assert json.loads((first.folder / "manifest.json").read_text(encoding="utf-8"))["mode"] == "full"
    acknowledge(settings, first)
    second = send(settings, tmp_path, 2, {1: 3, 2: 4, 4: 2})
    assert json.loads((second.folder / "manifest.json").read_text(encoding="utf-8"))["mode"] == "delta"
    assert changes(second) == ["CHANGED", "NEW", "REMOVED"]
    assert sum(second.totals["change"].values()) == 3


def test_wechat_sends_the_tag_to_take_off_after_a_move(settings: Settings, generation: Path, tmp_path: Path) -> None:
    (first,) = export_all(settings, generation, ["wechat"], ["wechat_broker"])
    acknowledge(settings, first)
    moved = write_generation(
        tmp_path / "moved",
        "update mart.generation set generation_id = '20260228-x'",
        "update mart.customer_tier set tier = 3, tier_name = '正常经营' where customer_id = 'c1'",
    )
    (second,) = export_all(settings, moved, ["wechat"], ["wechat_broker"])
    (line,) = (second.folder / "tag_sync.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"openid": "o1", "add": ["G层级-正常经营"], "remove": ["G层级-重点经营"]}
    acknowledge(settings, second, "PARTIAL", ["o1"], key="openid")
    write_generation(
        tmp_path / "again",
        "update mart.generation set generation_id = '20260301-x'",
        "update mart.customer_tier set tier = 3, tier_name = '正常经营' where customer_id = 'c1'",
    )
    (third,) = export_all(settings, tmp_path / "again", ["wechat"], ["wechat_broker"])
    assert third.totals["change"]["CHANGED"] == 1


STEP = st.tuples(
    st.dictionaries(st.integers(1, 4), st.integers(1, 5), max_size=4),  # who is served, in which tier
    st.sampled_from(["ACCEPTED", "PARTIAL", "REJECTED", "none", "twice"]),
    st.sets(st.integers(0, 3)),  # which lines a PARTIAL one rejects
    st.booleans(),  # is the export killed once before it succeeds
)


STEPS = st.lists(STEP, min_size=1, max_size=5)
Steps = list[tuple[dict[int, int], str, set[int], bool]]


def trying(examples: int) -> hypothesis_settings:
    return hypothesis_settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("mode", ["full", "delta"])
@given(steps=STEPS)
@trying(5)
def test_any_sequence_ends_with_what_the_recipient_accepted(monkeypatch: pytest.MonkeyPatch, mode: str, steps: Steps) -> None:
    assert_recipient_and_ledger_agree(monkeypatch, mode, steps)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["full", "delta"])
@given(steps=STEPS)
@trying(60)
def test_many_sequences_end_with_what_the_recipient_accepted(monkeypatch: pytest.MonkeyPatch, mode: str, steps: Steps) -> None:
    assert_recipient_and_ledger_agree(monkeypatch, mode, steps)


def assert_recipient_and_ledger_agree(monkeypatch: pytest.MonkeyPatch, mode: str, steps: Steps) -> None:
    """Send, kill, answer as the steps say; what each list tells is what the recipient's own books say."""
    declared: Audience = audiences.load_audience("individual").model_copy(update={"mode": mode})
    holds: dict[str, str] = {}  # the recipient's own books: reference to tier
    with tempfile.TemporaryDirectory() as name, monkeypatch.context() as patched:
        patched.setattr("exports.run.load_audience", lambda _: declared)
        folder = Path(name)
        settings = get_settings(home=folder / "home", memory_limit="512MiB", threads=1)
        for number, (tiers, answer, refused, is_killed) in enumerate([*steps, ({1: 1}, "none", set(), False)]):
            generation = generation_of(folder, number, tiers)
            if is_killed:
                _killed_export(patched, settings, generation)
            (package,) = export_all(settings, generation, ["individual"], ["31"])
            listed = lines(package)
            for reference, row in listed.items():
                expected = "" if row["change"] == "NEW" else holds[reference]
                assert row["previous_tier"] == expected
                assert (row["change"] == "NEW") == (reference not in holds)
            told = {ref for ref, row in listed.items() if row["change"] != "NEW"}
            assert told <= set(holds) and (mode == "delta" or told == set(holds))
            if package.is_held or answer == "none":
                continue
            rejected = {ref for position, ref in enumerate(sorted(listed)) if position in refused}
            rejected = rejected if answer == "PARTIAL" else set()
            status = "ACCEPTED" if answer == "twice" else answer
            for _ in range(2 if answer == "twice" else 1):
                acknowledge(settings, package, status, sorted(rejected))
            if status != "REJECTED":
                for reference, row in listed.items():
                    if reference in rejected:
                        continue
                    holds.pop(reference, None)
                    if row["change"] != "REMOVED":
                        holds[reference] = row["tier"]


def _killed_export(patched: pytest.MonkeyPatch, settings: Settings, generation: Path) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with patched.context() as dying:
        dying.setattr(packaging, "mark_ready", die)
        dying.setattr("exports.ledger.fsync_folder", die)
        with pytest.raises(KeyboardInterrupt):
            export_all(settings, generation, ["individual"], ["31"])
