"""The publish gate: a sound build passes, and each fault that it is there for holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from quality import gates
from warehouse.settings import Settings, get_settings

if TYPE_CHECKING:
    from generations import SharedGeneration

_TINY_BUILD = Path(__file__).with_name("tiny_build.sql").read_text(encoding="utf-8")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path)


def _build(settings: Settings, fault: str = "") -> Path:
    """A tiny build file with a fault done to it."""
    path = settings.home / "20260228-x.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_TINY_BUILD)
        connection.execute(fault)
    return path


def _publish(settings: Settings, as_of: str, change: str = "") -> None:
    """Let the tiny build, changed, be the current generation."""
    folder = settings.generations_dir / "before"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "analyst.duckdb")) as connection:
        connection.execute(_TINY_BUILD)
        connection.execute(change)
    (folder / "generation.json").write_text(json.dumps({"generation_id": "before", "as_of": as_of}))
    settings.current.symlink_to(folder)


def _failed(result: gates.GateResult) -> set[str]:
    return {f"{check.suite}.{check.metric}" for check in result.results if not check.success}


def test_sound_build_passes_and_its_results_are_kept(settings: Settings) -> None:
    result = gates.publish_gate(settings, _build(settings))
    assert result.passed
    assert not _failed(result)
    kept = json.loads((settings.quality_dir / "20260228-x" / "publish.json").read_text(encoding="utf-8"))
    assert kept["passed"]
    assert len(kept["results"]) == len(result.results)
    assert gates.latest(settings)["publish"].startswith("passed ")


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        ("keys.surplus_rows_of_a_key", "insert into mart.policy from mart.policy limit 1"),
        ("keys.rows_with_null_in_key", "update mart.customer_tier set tier = null where scope = 'P'"),
        ("keys.rows_lost_to_the_last", "delete from mart.load"),
        ("references.rows_without_their_customer", "update mart.policy set holder_customer_id = 'nobody'"),
        ("references.rows_without_their_policy", "update mart.persistency_policy set policy_no = 'none'"),
        ("ranges.tier", "update mart.customer_tier set tier = 6 where scope = 'P'"),
        ("ranges.contribution_and_potential", "update mart.customer_tier set potential = 110 where scope = 'P'"),
        ("ranges.tiers_against_their_rule", "update mart.customer_tier set rule_id = 'T4_RENEWAL' where scope = 'P'"),
        ("ranges.persistency_out_of_bounds", "update mart.persistency set persisting_count = 2"),
        ("ranges.persistency_out_of_bounds", "update mart.persistency_policy set is_persisting_reinstated = false"),
        ("ranges.partner_points_and_score", "update mart.partner_score set score = 100.5"),
        ("ranges.vetoed_partners_that_continue", "update mart.partner_score set is_vetoed = true"),
        ("ranges.negative_premiums", "update mart.policy set ape = -1 where policy_no = 'A'"),
        ("reconciliation.policies", "delete from mart.policy where policy_no = 'B'"),
        (
            "reconciliation.annualised_premium",
            "update mart.policy set annualised_premium = 50000.01 where policy_no = 'B'",
        ),
        ("reconciliation.annualised_premium", "update lake.core_banca__poly set pay_mode = '1'"),
        ("reconciliation.instalments", "update core.instalment set amount_paid = 99.99 where policy_no = 'A'"),
        ("reconciliation.instalments", "delete from core.instalment where policy_no = 'B'"),
        ("reconciliation.persistency_against_its_policies", "update mart.persistency set exposed_premium = 1200.01"),
        ("reconciliation.delivered_rows", "update mart.load set rows_loaded = 1"),
        ("reconciliation.delivered_sums", "update mart.load set sums = replace(sums, '0.10\"}', '0.11\"}')"),
        ("reconciliation.quarantined_rows", "delete from mart.quarantine"),
        (
            "customers.customers_without_exactly_one_company_tier",
            "delete from mart.customer_tier where scope = 'ALL' and customer_id = 'two'",
        ),
        ("customers.customers_by_two_counts", "insert into mart.customer values ('three')"),
        (
            "customers.customers_with_two_valid_id_numbers",
            "update identity.int_identity__customer_record set customer_id = 'one'",
        ),
        (
            "identity.customers_over_the_limit_of_records",
            "insert into mart.customer_source select 'core_life', 'x' || range, 'one', 'NAME_MOBILE' from range(40)",
        ),
    ],
)  # fmt: skip
def test_fault_holds_the_build(settings: Settings, metric: str, fault: str) -> None:
    result = gates.publish_gate(settings, _build(settings, fault))
    assert not result.passed
    assert metric in _failed(result)
    assert "HELD" in gates.latest(settings)["publish"]
    assert metric in gates.latest(settings)["publish"]


def test_steward_may_join_two_valid_id_numbers(settings: Settings) -> None:
    decided = "update identity.int_identity__customer_record set customer_id = 'one', match_rule = 'STEWARD_LINK'"
    assert "customers.customers_with_two_valid_id_numbers" not in _failed(gates.publish_gate(settings, _build(settings, decided)))


def test_key_missing_from_a_later_full_delivery_is_gone_unless_quarantined_there(settings: Settings) -> None:
    missed = "insert into lake.full_load values ('core_life__policy', 'core_life', '2026-03-31');"
    assert "reconciliation.policies" in _failed(gates.publish_gate(settings, _build(settings, missed)))
    (settings.home / "20260228-x.duckdb").unlink()
    kept = missed + "insert into lake.quarantine values ('core_life__policy', 'core_life', 'A', '2026-03-31')"
    assert gates.publish_gate(settings, _build(settings, kept)).passed


_CUSTOMERS = "insert into mart.customer select 'c' || range from range({})"


def test_drift_holds_losses_and_only_warns_of_growth(settings: Settings) -> None:
    _publish(settings, "2026-01-31", _CUSTOMERS.format(300))
    result = gates.publish_gate(settings, _build(settings))
    assert not result.passed
    assert _failed(result) == {"drift.customers_lost_share", "drift.customer_ids_lost_share"}


def test_growth_only_warns(settings: Settings) -> None:
    _publish(settings, "2026-01-31", _CUSTOMERS.format(300))
    result = gates.publish_gate(settings, _build(settings, _CUSTOMERS.format(900)))
    (grown,) = (check for check in result.results if check.metric == "customers_gained_share")
    assert (grown.success, grown.severity) == (False, "warn")


def test_a_dozen_customers_less_are_no_drift(settings: Settings) -> None:
    _publish(settings, "2026-01-31", _CUSTOMERS.format(12))
    assert not {name for name in _failed(gates.publish_gate(settings, _build(settings))) if name.startswith("drift")}


@pytest.mark.parametrize(("parameters", "is_drift"), [("p1", True), ("p0", False)])
def test_tiers_that_all_moved_are_drift_unless_the_business_changed_a_parameter(
    settings: Settings, parameters: str, is_drift: bool
) -> None:
    other = f"update mart.customer_tier set tier = 3; update mart.generation set parameter_version = '{parameters}'"
    _publish(settings, "2026-01-31", f"{_CUSTOMERS.format(300)}; {other}")
    result = gates.publish_gate(settings, _build(settings, _CUSTOMERS.format(300)))
    assert ("drift.tier_share_change" in _failed(result)) is is_drift


@pytest.mark.parametrize(
    ("metric", "then", "now"),
    [
        ("drift.customers_merged_share", "'c' || range", "'c' || range // 2"),
        ("drift.customers_split_share", "'c' || range // 2", "'c' || range"),
    ],
)
def test_jump_of_merges_or_splits_holds_but_many_new_customers_do_not(
    settings: Settings, metric: str, then: str, now: str
) -> None:
    insert = "insert into mart.customer_source select 'core_life', 'r' || range, {}, 'NAME_MOBILE' from range({})"
    _publish(settings, "2026-01-31", insert.format(then, 600))
    assert metric in _failed(gates.publish_gate(settings, _build(settings, insert.format(now, 600))))
    (settings.home / "20260228-x.duckdb").unlink()
    assert metric not in _failed(gates.publish_gate(settings, _build(settings, insert.format(then, 6000))))


def test_build_of_an_earlier_date_is_not_compared_with_what_is_published(settings: Settings) -> None:
    _publish(settings, "2026-03-31", "delete from mart.customer")
    result = gates.publish_gate(settings, _build(settings))
    assert result.passed
    assert "drift" not in {check.suite for check in result.results}


def test_shared_deliveries_give_every_metric_something_to_judge(shared_generation: SharedGeneration) -> None:
    kept = {
        gate: json.loads(next(shared_generation.settings.quality_dir.glob(f"*/{gate}.json")).read_text(encoding="utf-8"))
        for gate in ("source", "publish")
    }
    assert all(content["passed"] for content in kept.values())
    assert [check["metric"] for check in kept["publish"]["results"] if not check["judged"]] == []


def test_what_is_published_has_not_drifted_from_itself(shared_generation: SharedGeneration) -> None:
    result = gates.publish_gate(shared_generation.settings, shared_generation.build)
    drift = [check for check in result.results if check.suite == "drift"]
    assert drift
    assert all(check.judged and check.success and check.observed == "0" for check in drift)
