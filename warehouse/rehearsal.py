"""Rehearsal: what other parameters would do to a published generation, without publishing anything.

A copy of the generation's own tables is given the other reference tables, and only the models between a changed table and the
results that people ask about are computed again; so it takes seconds where a build takes minutes, and all else is equal.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import build, lake, parameters
from warehouse import publish as publishing
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.settings import Settings
from warehouse.versions import code_version

# What people ask about: result → (key, what may change, amount that its totals add up).
_ASKED: dict[str, tuple[list[str], list[str], str | None]] = {
    "customer_tier": (["customer_id", "scope"], ["tier", "contribution", "potential"], None),
    "customer_vip": (["customer_id"], ["vip_level"], None),
    "agent_grade": (["agent_code"], ["grade"], "ape"),
    "partner_score": (["partner_code", "period_kind", "period_end"], ["grade", "verdict", "score"], None),
    "bank_score": (["bank_code", "period_kind", "period_end"], ["grade", "score"], None),
    "outlet_score": (["bank_code", "outlet_code", "period_kind", "period_end"], ["grade", "score"], None),
}


@dataclass(frozen=True)
class Rehearsal:
    """What would change: of each result the moves and their numbers, the totals, and every single one that moves."""

    generation_id: str
    as_of: date
    changed_tables: list[str]
    other_code: bool  # the generation was made by another version of the product: part of the changes may be its doing
    moves: dict[str, pl.DataFrame] = field(default_factory=dict)
    totals: dict[str, pl.DataFrame] = field(default_factory=dict)
    changes: dict[str, pl.DataFrame] = field(default_factory=dict)


def rehearse(settings: Settings, folder: Path, as_of: date | None = None) -> Rehearsal:
    """Compute the results anew under the tables in ``folder`` and compare them with the published ones.

    Raises GlifeError when a table is wrong, or no generation describes ``as_of``.
    """
    tables = parameters.check(parameters.folder_of(settings), folder)
    source = publishing.find_generation(settings, f"{as_of:%Y%m%d}-" if as_of else None)
    about = json.loads((source / "generation.json").read_text(encoding="utf-8"))
    with lock(settings.build_dir / ".rehearsal.lock", "a rehearsal"), _copy(settings, source) as target:
        with connect(target, settings) as connection:
            changed = _changed(connection, tables)
            _prepare(settings, connection, about)
            parameters.load(connection, tables)
            selection = _selection(settings, connection, changed)
        if selection:
            build.run_models(settings, target, sorted(selection))
        result = Rehearsal(
            about["generation_id"], date.fromisoformat(about["as_of"]), changed, about["code_version"] != code_version()
        )
        with connect(target, settings, read_only=True) as connection:
            connection.execute(f"attach '{source / 'restricted.duckdb'}' as published (read_only)")
            for name in [name for name in _ASKED if name in selection]:
                _compare(connection, name, result)
    return result


def write(result: Rehearsal, folder: Path) -> list[Path]:
    """Every single change as CSV, one file a result."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, changes in result.changes.items():
        path = folder / f"{name}.csv"
        changes.write_csv(path)
        written.append(path)
    return written


@contextmanager
def _copy(settings: Settings, source: Path) -> Iterator[Path]:
    """A copy to work on, gone afterwards; a killed rehearsal's is overwritten by the next."""
    target = settings.build_dir / ".rehearsal.duckdb"
    try:
        shutil.copyfile(source / "restricted.duckdb", target)
        yield target
    finally:
        for path in settings.build_dir.glob(".rehearsal.duckdb*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _changed(connection: duckdb.DuckDBPyConnection, tables: dict[str, pl.DataFrame]) -> list[str]:
    """Tables that say something else than those the generation was made with."""
    with duckdb.connect() as scratch:
        parameters.load(scratch, tables)
        given = {name: scratch.sql(f'from reference."{name}"').to_arrow_table() for name in tables}
    changed = []
    for name, table in given.items():
        connection.register("_given", table)
        try:
            apart = connection.sql(
                f'select count(*) from ((from _given except all from reference."{name}") union all '
                f'(from reference."{name}" except all from _given))'
            ).fetchone()
            is_changed = apart != (0,)
        except duckdb.Error:  # a table that the generation did not have, or had in another shape
            is_changed = True
        connection.unregister("_given")
        if is_changed:
            changed.append(name)
    return sorted(changed)


def _prepare(settings: Settings, connection: duckdb.DuckDBPyConnection, about: dict[str, Any]) -> None:
    """What the models read from outside the copied tables: the lake as the generation knew it, and last month's end."""
    known_at = datetime.fromisoformat(about["known_at"] or about["published_at"])
    lake.attach(connection, lake.snapshot(settings, date.fromisoformat(about["as_of"]), known_at))
    connection.execute("create table lake.generation_info as from mart.generation")
    connection.execute(
        "create table lake.previous_customer_tier as select customer_id, scope, previous_tier as tier, null::date as as_of, "
        "null::integer as contribution, null::integer as potential, null::varchar as rule_id, null::varchar as parts, "
        "null::boolean as is_contactable from mart.customer_tier where previous_tier is not null"
    )


def _selection(settings: Settings, connection: duckdb.DuckDBPyConnection, changed: list[str]) -> set[str]:
    """Models between a changed table and a result, and what they read that a generation does not keep."""
    manifest = build.dbt_target(settings) / "manifest.json"
    if not manifest.is_file():
        build.parse(settings)
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    parents = {key: node["depends_on"].get("nodes", []) for key, node in nodes.items() if node["resource_type"] == "model"}
    names = {key: node["name"] for key, node in nodes.items()}
    wanted = _ancestors(parents, [key for key in parents if names[key] in _ASKED])
    seeds = {key for key, node in nodes.items() if node["resource_type"] == "seed" and node["name"] in changed}
    if any("identity" in nodes[seed]["path"] for seed in seeds):
        raise GlifeError("the parameters of identity are not rehearsed here", ", ".join(changed), "see `glife identity rehearse`")
    affected = {key for key in wanted & set(parents) if _ancestors(parents, [key]) & seeds}
    tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    kept = {f"{schema}.{table}" for schema, table in tables}
    missing: set[str] = set()
    to_see = set(affected)
    while to_see:
        needed = {p for key in to_see for p in parents[key] if p in parents} - affected - missing
        to_see = {key for key in needed if f"{nodes[key]['schema']}.{nodes[key]['alias']}" not in kept}
        missing |= to_see
    return {names[key] for key in affected | missing}


def _ancestors(parents: dict[str, list[str]], start: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(start)
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += parents.get(key, [])
    return seen


def _compare(connection: duckdb.DuckDBPyConnection, name: str, result: Rehearsal) -> None:
    keys, values, amount = _ASKED[name]
    both = ", ".join(f"old.{value} as {value}_before, new.{value} as {value}_after" for value in values)
    named = ", ".join(f"coalesce(new.{key}, old.{key}) as {key}" for key in keys)
    differs = " or ".join(f"old.{value} is distinct from new.{value}" for value in values)
    same = " and ".join(f"old.{key} = new.{key}" for key in keys)
    result.changes[name] = connection.sql(
        f"select {named}, {both} from published.mart.{name} as old full join mart.{name} as new on {same} "
        f"where {differs} order by {', '.join(str(n + 1) for n in range(len(keys)))}"
    ).pl()
    first = values[0]
    where = "where scope = 'ALL'" if "scope" in keys else ""
    result.moves[name] = _moves(connection, result.changes[name], first, where)
    summed = f", sum({amount}) as {amount}" if amount else ""
    total = "select {label} as state, {first}, count(*) as number" + summed + " from {table} {where} group by all"
    result.totals[name] = connection.sql(
        " union all ".join(
            total.format(label=label, first=first, table=table, where=where)
            for label, table in (("'before'", f"published.mart.{name}"), ("'after'", f"mart.{name}"))
        )
    ).pl()


def _moves(connection: duckdb.DuckDBPyConnection, changes: pl.DataFrame, first: str, where: str) -> pl.DataFrame:
    connection.register("_changes", changes.to_arrow())
    moved = f"{first}_before as before, {first}_after as after"
    return connection.sql(f"select {moved}, count(*) as number from _changes {where} group by all order by 1, 2").pl()
