"""The published figures equal an independent calculation straight from the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from oracle.deliveries import Deliveries
from oracle.rules import Oracle

if TYPE_CHECKING:
    from conftest import SharedGeneration

_PARTS = ("c_ape", "c_paid", "c_policies", "c_years", "p_income", "p_needs", "p_engaged")


@pytest.fixture(scope="module")
def published(shared_generation: SharedGeneration) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(str(shared_generation.folder / "restricted.duckdb"), read_only=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def oracle(shared_generation: SharedGeneration, published: duckdb.DuckDBPyConnection) -> Oracle:
    """Everything is calculated anew but who is who."""
    links = published.sql("select source_system, source_record_id, customer_id from mart.customer_source").pl()
    return Oracle(Deliveries(shared_generation.deliveries, shared_generation.truth), links)


def _assert_same(expected: pl.DataFrame, actual: pl.DataFrame, key: list[str]) -> None:
    """Same keys, same values in every column of ``expected``; says which rows differ, and how."""
    assert not actual.is_empty()
    assert actual.select(key).is_duplicated().sum() == 0
    actual = actual.select([pl.col(name).cast(kind) for name, kind in expected.schema.items()])
    missing = expected.join(actual, on=key, how="anti", nulls_equal=True)
    surplus = actual.join(expected, on=key, how="anti", nulls_equal=True)
    both = expected.join(actual, on=key, suffix="_published", nulls_equal=True)
    faults = {"missing": missing.select(key).head(5).rows(), "surplus": surplus.select(key).head(5).rows()}
    for name in set(expected.columns) - set(key):
        unlike = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_published")))
        faults[name] = unlike.select(*key, name, f"{name}_published").head(5).rows()
    faults = {fault: rows for fault, rows in faults.items() if rows}
    assert not faults, f"{faults} ({missing.height} missing, {surplus.height} surplus)"


def _assert_near(expected: pl.DataFrame, actual: pl.DataFrame, key: list[str], rates: list[str]) -> None:
    """Rates are quotients, which a double holds to 15 digits and more; null only where it must be."""
    both = expected.join(actual.select(*key, *rates), on=key, suffix="_published", nulls_equal=True)
    for name in rates:
        mine, theirs = pl.col(name).cast(pl.Float64), pl.col(f"{name}_published").cast(pl.Float64)
        unlike = both.filter((mine.is_null() != theirs.is_null()) | ((mine - theirs).abs() > 1e-13))
        assert unlike.is_empty(), unlike.select(*key, name, f"{name}_published").head(5).rows()


def test_policies(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    columns = "source_system policy_no channel branch_code product_code agent_code partner_code bank_code issued_on"
    columns += " effective_on status status_on pay_mode annualised_premium ape is_in_force"
    actual = published.sql(
        "select * replace ((annualised_premium * 1000)::bigint as annualised_premium, (ape * 1000)::bigint as ape) "
        "from mart.policy"
    ).pl()
    _assert_same(oracle.policies.select(columns.split()), actual, ["source_system", "policy_no"])


def test_persistency_of_every_policy_and_month(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    key = ["source_system", "policy_no", "month_k"]
    columns = [*key, "anniversary", "observation_on", "is_persisting", "is_persisting_reinstated", "annualised_premium"]
    actual = published.sql(
        "select * replace ((annualised_premium * 1000)::bigint as annualised_premium) "
        "from mart.persistency_policy where is_exposed"
    ).pl()
    _assert_same(oracle.persistency_policy.select(columns), actual, key)


def test_persistency_by_cohort_and_dimensions(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    actual = published.sql(
        """
        select * replace (
            (exposed_premium * 1000)::bigint as exposed_premium,
            (persisting_premium * 1000)::bigint as persisting_premium
        )
        from mart.persistency where exposed_count > 0
        """
    ).pl()
    key = ["month_k", "cohort_month", "channel", "branch_code", "partner_code", "agent_code", "bank_code"]
    rates = [name for name in oracle.persistency.columns if name.startswith("rate_")]
    _assert_same(oracle.persistency.drop(rates), actual, key)
    _assert_near(oracle.persistency, actual, key, rates)


def test_partner_scores(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    actual = published.sql("select * from mart.partner_score").pl()
    key = ["partner_code", "period_kind", "period_end"]
    rates = ["persistency_value", "contribution_value", "density_value"]
    _assert_same(oracle.partner_score.drop(rates), actual, key)
    _assert_near(oracle.partner_score, actual, key, rates)


def test_tiers_with_every_part(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    parts = ", ".join(f"(parts -> '{part}' ->> 'points')::bigint as {part}" for part in _PARTS)
    actual = published.sql(
        f"select customer_id, tier, rule_id, contribution, potential, {parts} from mart.customer_tier where scope = 'ALL'"
    ).pl()
    _assert_same(oracle.customer_tier, actual, ["customer_id"])


def test_every_tier_and_grade_occurs(oracle: Oracle) -> None:
    """The sample is worth something only where it reaches every rule."""
    assert set(oracle.customer_tier["tier"]) == {1, 2, 3, 4, 5}
    assert set(oracle.partner_score["grade"]) >= {"C", "D", "X"}
    assert set(oracle.persistency_policy["month_k"]) == {13, 25, 37, 49, 61}
    assert oracle.partner_score["is_vetoed"].any()
