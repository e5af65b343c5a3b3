"""The published figures equal an independent calculation straight from the files."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from oracle.deliveries import Deliveries
from oracle.rules import Oracle

if TYPE_CHECKING:
    from conftest import SharedGeneration

_PARTS = ("c_ape", "c_paid", "c_policies", "c_years", "p_income", "p_needs", "p_engaged")
_METRICS = ("platform", "persistency", "contribution", "density")


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
    expected = oracle.persistency
    actual = published.sql(
        """
        select
            * replace (
                (exposed_premium * 1000)::bigint as exposed_premium,
                (persisting_premium * 1000)::bigint as persisting_premium
            ),
            round(rate_reinstated * exposed_premium * 1000)::bigint as reinstated_premium
        from mart.persistency where exposed_count > 0
        """
    ).pl()
    key = ["month_k", "cohort_month", "channel", "branch_code", "partner_code", "agent_code", "bank_code"]
    _assert_same(expected, actual, key)


def test_persistency_rates_are_sum_over_sum(published: duckdb.DuckDBPyConnection) -> None:
    wrong = published.sql(
        """
        select count(*) from mart.persistency
        where abs(rate_count - persisting_count / exposed_count) > 1e-12
            or abs(rate_premium - persisting_premium / exposed_premium) > 1e-12
            or (exposed_count = 0 and rate_count is not null) or (exposed_premium = 0 and rate_premium is not null)
        """
    ).fetchone()
    assert wrong == (0,)


def test_partner_scores(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    exact = ["period_kind", *(f"{metric}_{column}" for metric in _METRICS for column in ("points", "coefficient"))]
    key = ["partner_code", "period_kind", "period_end"]
    columns = [*dict.fromkeys([*key, *exact]), "score", "is_vetoed", "grade", "verdict"]
    actual = published.sql("select * from mart.partner_score").pl()
    _assert_same(oracle.partner_score.select(columns), actual, key)
    values = [f"{metric}_value" for metric in _METRICS]
    both = oracle.partner_score.select(*key, *values).join(actual.select(*key, *values), on=key, suffix="_published")
    for row in both.iter_rows(named=True):
        for name in values:
            expected, found = row[name], row[f"{name}_published"]
            assert (expected is None) == (found is None), (row, name)
            assert expected is None or abs(Decimal(expected) - Decimal(found)) < Decimal("1e-12"), (row, name)


def test_tiers_with_every_part(oracle: Oracle, published: duckdb.DuckDBPyConnection) -> None:
    parts = ", ".join(f"(parts -> '{part}' ->> 'points')::bigint as {part}" for part in _PARTS)
    actual = published.sql(
        f"select customer_id, tier, rule_id, contribution, potential, {parts} "
        "from mart.customer_tier where scope = 'ALL'"
    ).pl()
    _assert_same(oracle.customer_tier, actual, ["customer_id"])


def test_every_tier_and_grade_occurs(oracle: Oracle) -> None:
    """The sample is worth something only where it reaches every rule."""
    assert set(oracle.customer_tier["tier"]) == {1, 2, 3, 4, 5}
    assert set(oracle.partner_score["grade"]) >= {"C", "D", "X"}
    assert set(oracle.persistency_policy["month_k"]) == {13, 25, 37, 49, 61}
    assert oracle.partner_score["is_vetoed"].any()
