"""The suites: readable files that say what is measured, what is expected of it, why, and what to do when it is not so.

A suite is ``suites/<gate>/<suite>.yaml``, a list of metrics. A metric's SQL returns ``item`` and ``value`` (one row a
table, a column, a system …, never a person) or ``value`` alone; its expectation is Great Expectations' own, by name,
with the limits beyond which it warns and beyond which it holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

SUITES = Path(__file__).resolve().parent / "suites"

Severity = Literal["warn", "hold"]


class Metric(BaseModel):
    """One measurement and what is expected of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    why: str
    remedy: str
    sql: str
    expect: str = Field("expect_column_values_to_be_between", pattern=r"^expect_column_[a-z_]+$")
    warn: dict[str, Any] | None = Field(None, description="limits whose breach is reported")
    hold: dict[str, Any] | None = Field(None, description="limits whose breach stops the run")

    @model_validator(mode="after")
    def _has_limits(self) -> Metric:
        if self.warn is None and self.hold is None:
            raise ValueError("needs limits to warn or to hold at")
        return self

    @property
    def column(self) -> str:
        return f"{self.suite}.{self.name}"

    @property
    def limits(self) -> dict[Severity, dict[str, Any]]:
        given: dict[Severity, dict[str, Any] | None] = {"warn": self.warn, "hold": self.hold}
        return {severity: limit for severity, limit in given.items() if limit is not None}


def load(gate: str, without: frozenset[str] = frozenset()) -> list[Metric]:
    """The metrics of a gate in the order of its files, without the suites named."""
    return [
        Metric(suite=path.stem, **entry)
        for path in sorted((SUITES / gate).glob("*.yaml"))
        if path.stem not in without
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
