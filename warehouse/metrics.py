"""The metric catalogue: every measure that a mart publishes, defined once, from the dbt models' own metadata.

``dbt_project/metrics.yml`` says what a measure is; the models' YAML says where it is published, at which grain and what it is
there. Together they make ``docs/metrics.md`` and the seed behind ``mart.metric``: ``python -m warehouse.metrics`` writes both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from warehouse.errors import GlifeError
from warehouse.settings import PROJECT_ROOT
from warehouse.versions import DBT_PROJECT

DEFINITIONS = DBT_PROJECT / "metrics.yml"
SEED = DBT_PROJECT / "seeds" / "catalogue" / "metric_catalogue.csv"
DOCUMENT = PROJECT_ROOT / "docs" / "metrics.md"
_NUMBERS = ("decimal", "double", "bigint", "integer")
_PERIODS = {  # suffix → Chinese, formula, unit and additivity where they are not the measure's own
    "_12_months_yoy": ("滚动12个月同比", "({}, twelve months) ÷ that of a year before − 1", "share"),
    "_12_months": ("滚动12个月", "{}, of the twelve months to this one", None),
    "_yoy": ("同比", "({}) ÷ that of a year before − 1", "share"),
}


def catalogue() -> pl.DataFrame:
    """One row per published measure column; raises GlifeError that names the columns without a definition."""
    content = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    known = {measure["name"]: measure for measure in content["measures"]}
    rows, undefined = [], []
    for table, grain, column in _columns():
        name = column["name"]
        if name in content["not_measures"]:
            continue
        definition = _definition(known, content["tables"].get(f"{table}.{name}", name))
        if definition is None:
            undefined.append(f"{table}.{name}")
            continue
        rows.append({"table_name": table, "column_name": name, **definition, "grain": grain, "meaning": column["description"]})
    if undefined:
        raise GlifeError(
            f"no definition of {', '.join(undefined)}", str(DEFINITIONS), "add the measure, or name it under not_measures"
        )
    return pl.DataFrame(rows).sort("table_name", "column_name")


def _columns() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Table, grain and metadata of every numeric column of a mart that analysts see."""
    for path in sorted((DBT_PROJECT / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            grain = re.search(r"One row(?: per)? ?(.*?)\.?\s*$", model["description"], re.DOTALL)
            if grain is None:
                raise GlifeError(
                    f"the description of {model['name']} does not say its grain", str(path), "end it with: One row per …"
                )
            for column in model["columns"]:
                audience = column.get("config", {}).get("meta", {}).get("audience")
                if audience == "analyst" and column["data_type"].startswith(_NUMBERS):
                    yield model["name"], " ".join(grain.group(1).split()) or "generation", column


def _definition(known: dict[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The measure itself, or the measure over another period."""
    if name not in known:
        for suffix, (chinese, formula, unit) in _PERIODS.items():
            if name.endswith(suffix) and (base := known.get(name.removesuffix(suffix))):
                return _row(base) | {
                    "metric": name,
                    "chinese": f"{base['zh']}({chinese})",
                    "formula": formula.format(base["formula"]),
                    "unit": unit or base["unit"],
                    "is_additive": base["additive"] and unit is None and "month" not in suffix,
                }
        return None
    return _row(known[name])


def _row(measure: dict[str, Any]) -> dict[str, Any]:
    return {
        "metric": measure["name"],
        "chinese": measure["zh"],
        "formula": measure["formula"],
        "unit": measure["unit"],
        "is_additive": measure["additive"],
        "owner": measure["owner"],
        "rule": measure["rule"],
    }


def document(rows: pl.DataFrame) -> str:
    """``docs/metrics.md``: each measure once, with the tables that publish it."""
    tables = rows.group_by("metric").agg(pl.col("table_name").unique().sort().str.join("`, `").alias("tables"))
    measures = rows.unique("metric", keep="first", maintain_order=True).join(tables, on="metric").sort("metric")
    lines = [
        "# Metrics",
        "",
        "Written by `python -m warehouse.metrics` from `dbt_project/metrics.yml` and the models' metadata: change those.",
        "The same is in `mart.metric`, with the grain and the meaning of each column. *Adds up*: the parts' values make the",
        "total's; where not, persons are counted anew and rates are divided anew (Σ ÷ Σ).",
        "",
        "| measure | Chinese | formula | unit | adds up | owner | source | published in |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in measures.iter_rows(named=True):
        cells = [f"`{row['metric']}`", row["chinese"], row["formula"], row["unit"], "yes" if row["is_additive"] else "no"]
        lines.append("| " + " | ".join([*cells, row["owner"], row["rule"], f"`{row['tables']}`"]) + " |")
    return "\n".join(lines) + "\n"


def write(document_file: Path = DOCUMENT, seed: Path = SEED) -> None:
    """Write the document and the seed anew."""
    rows = catalogue()
    document_file.write_text(document(rows), encoding="utf-8")
    seed.parent.mkdir(parents=True, exist_ok=True)
    rows.write_csv(seed)


if __name__ == "__main__":
    write()
