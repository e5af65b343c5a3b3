"""The metric catalogue: every measure that is published has a definition, and what is written down is what the models say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from warehouse import metrics
from warehouse.errors import GlifeError


def test_every_published_measure_has_an_entry() -> None:
    rows = metrics.catalogue()
    published = set(rows.select("table_name", "column_name").iter_rows())
    assert {("persistency", "rate_premium"), ("partner_score", "score"), ("scorecard", "add_on_rate")} <= published
    assert rows.select(pl.all_horizontal(pl.col(pl.String).str.len_chars() > 0).all()).item()


def test_document_and_table_are_up_to_date(tmp_path: Path) -> None:
    metrics.write(tmp_path / "metrics.md", tmp_path / "metric_catalogue.csv")
    for written, kept in ((tmp_path / "metrics.md", metrics.DOCUMENT), (tmp_path / "metric_catalogue.csv", metrics.SEED)):
        assert written.read_bytes() == kept.read_bytes(), f"{kept.name} is old: run python -m warehouse.metrics"


def test_a_rate_never_adds_up() -> None:
    rates = metrics.catalogue().filter(pl.col("unit") == "share")
    assert rates.height > 10 and not rates["is_additive"].any()


def test_measure_without_definition_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = metrics.DEFINITIONS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "name: add_on_rate," not in line]
    (tmp_path / "metrics.yml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(metrics, "DEFINITIONS", tmp_path / "metrics.yml")
    with pytest.raises(GlifeError, match=r"no definition of scorecard\.add_on_rate"):
        metrics.catalogue()
