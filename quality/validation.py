"""Measure in SQL, expect in Great Expectations.

Great Expectations has no DuckDB engine, so DuckDB narrows millions of rows to one small table of measurements, a column
a metric, and a single validation of its pandas engine judges the table (design decision 13).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from quality.suites import Metric, Severity
from warehouse.errors import GlifeError

_SHOWN_ITEMS = 5
_GX_SEVERITY: dict[Severity, str] = {"warn": "warning", "hold": "critical"}


@dataclass(frozen=True)
class Measurement:
    """What a metric's SQL returned. No rows, or null values: there is nothing to judge."""

    items: list[str]
    values: list[Any]


@dataclass(frozen=True)
class CheckResult:
    """The verdict on one expectation; holds counts and shares, never a person's data."""

    suite: str
    metric: str
    expectation: str
    severity: Severity
    success: bool
    observed: str
    limit: dict[str, Any]
    judged: int
    why: str
    remedy: str


def measure(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Metric]) -> list[Measurement]:
    """Run every metric's SQL; raises GlifeError that names the metric whose SQL cannot run."""
    measurements = []
    for metric in metrics:
        try:
            rows = connection.execute(metric.sql).fetchall()
        except duckdb.Error as error:
            raise GlifeError(
                f"cannot be measured ({str(error).splitlines()[0]})", metric.column, "see the suite in quality/suites"
            ) from None
        items = [str(row[0]) if len(row) > 1 else metric.name for row in rows]
        measurements.append(Measurement(items, [_number(row[-1]) for row in rows]))
    return measurements


def expect(metrics: Sequence[Metric], measurements: Sequence[Measurement]) -> list[CheckResult]:
    """Judge all measurements in one validation, an expectation for each limit."""
    by_column = {metric.column: measured for metric, measured in zip(metrics, measurements, strict=True)}
    asked = [(metric, severity) for metric in metrics for severity in metric.limits]
    verdicts = _validate(by_column, [_configuration(number, *ask) for number, ask in enumerate(asked)])
    return [
        _result(metric, severity, by_column[metric.column], verdict)
        for (metric, severity), verdict in zip(asked, verdicts, strict=True)
    ]


def _configuration(number: int, metric: Metric, severity: Severity) -> dict[str, Any]:
    return {
        "type": metric.expect,
        "kwargs": {"column": metric.column, **metric.limits[severity]},
        "meta": {"number": number},
        "severity": _GX_SEVERITY[severity],
    }


def _validate(by_column: dict[str, Measurement], configurations: list[dict[str, Any]]) -> list[Any]:
    """Great Expectations' results, in the order asked."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # 6–12 s, so nobody else should pay for it
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # Columns of unlike length: the shorter ones end in nulls, which no column_values expectation looks at.
    frame = pd.DataFrame({column: pd.Series(measured.values, dtype="float64") for column, measured in by_column.items()})
    asset = context.data_sources.add_pandas("duckdb").add_dataframe_asset("measurements")
    batch = asset.add_batch_definition_whole_dataframe("gate").get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(name="gate", expectations=configurations)
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    # Results come by column, not in the order asked.
    return sorted(outcome.results, key=lambda result: result.expectation_config.meta["number"])


def _result(metric: Metric, severity: Severity, measured: Measurement, verdict: Any) -> CheckResult:
    if verdict.exception_info.get("raised_exception"):
        raise GlifeError(
            f"cannot be judged ({verdict.exception_info['exception_message']})",
            metric.column,
            "mend the suite's limits",
        )
    unexpected = verdict.result.get("unexpected_index_list") or []
    return CheckResult(
        suite=metric.suite,
        metric=metric.name,
        expectation=metric.expect,
        severity=severity,
        success=bool(verdict.success),
        observed=_observed(measured, unexpected),
        limit=metric.limits[severity],
        judged=sum(value is not None for value in measured.values),
        why=metric.why,
        remedy=metric.remedy,
    )


def _observed(measured: Measurement, unexpected: list[int]) -> str:
    """The values beyond the limit with their items, else the range of all values."""
    if unexpected:
        shown = [f"{measured.items[row]} {measured.values[row]:g}" for row in unexpected[:_SHOWN_ITEMS]]
        more = len(unexpected) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")
    values = [value for value in measured.values if value is not None]
    if not values:
        return "nothing to judge"
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
