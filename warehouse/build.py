"""Building: from the lake to ``build/<generation>.duckdb``, one dbt process a layer.

A build is a pure function of (lake, reference tables, code, as_of), and its name says so: the generation id is a hash
over them. The same inputs give the same id, so a second run finds its generation published and has nothing to do; a
killed build is thrown away and made again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from warehouse import keys, lake, parameters, publications, runlog
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import lock, write_json
from warehouse.settings import Settings
from warehouse.versions import DBT_PROJECT, code_version

LAYERS = ("staging", "identity", "core", "marts")
PREVIOUS_MODELS = ("customer_tier", "customer_source", "agent_grade")
# Unit tests prove the models, not the data: the test suite runs them, a build need not.
# The reference tables are loaded before dbt starts, from wherever the business keeps them; dbt tests them all the same.
_WITHOUT_UNIT_TESTS = ["--exclude-resource-type", "unit_test", "seed"]
_LOG = logging.getLogger("glife")


@dataclass(frozen=True)
class BuildPlan:
    """What is to be built, decided once and handed from task to task."""

    generation_id: str
    as_of: date
    known_at: datetime | None
    code_version: str
    parameter_version: str
    lake_fingerprint: str
    base_publication: int  # the publication that this generation follows, 0 for none

    def as_json(self) -> dict[str, Any]:
        known_at = self.known_at.isoformat() if self.known_at else None
        return {**self.__dict__, "as_of": self.as_of.isoformat(), "known_at": known_at}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> BuildPlan:
        known_at = datetime.fromisoformat(content["known_at"]) if content["known_at"] else None
        return cls(**{**content, "as_of": date.fromisoformat(content["as_of"]), "known_at": known_at})


def build_file(settings: Settings, plan: BuildPlan) -> Path:
    return settings.build_dir / f"{plan.generation_id}.duckdb"


def plan_build(settings: Settings, as_of: date | None = None, known_at: datetime | None = None) -> BuildPlan:
    """Decide what would be built now; raises GlifeError when core_life never delivered up to ``as_of``.

    The publication log is an input too. Where the newest publication was made from the same deliveries, parameters and code,
    it is this generation itself, so that nothing is built twice, and a lost one is built again as it was. A wrong parameter
    table is refused here.
    """
    snapshot = lake.snapshot(settings, as_of, known_at)
    tables = parameters.folder_of(settings)
    parameters.check(tables)
    links = publications.chain(settings, snapshot.as_of, snapshot.known_at)
    newest = links[-1] if links else None
    made_from = (snapshot.as_of, snapshot.known_at, snapshot.fingerprint, code_version(), parameters.version(tables))
    if newest and made_from == newest.made_from:
        generation_id, base = newest.generation_id, newest.base
    else:
        inputs = "\n".join(map(str, (*made_from, newest.generation_id if newest else "")))
        generation_id = f"{snapshot.as_of:%Y%m%d}-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}"
        base = newest.sequence if newest else 0
    as_of, known_at, fingerprint, code, version = made_from
    return BuildPlan(generation_id, as_of, known_at, code, version, fingerprint, base)


def previous_month_end(day: date) -> date:
    """Last day of the month before: what previous tiers and honour lists are compared with (rules.md §3)."""
    return day.replace(day=1) - timedelta(days=1)


def build_previous(settings: Settings, plan: BuildPlan) -> None:
    """Compute last month's end anew, with what is known now, for the tables that compare with it.

    Its file is named after all that decides it and holds these tables alone: as long as nothing of it changed (late
    deliveries, corrections and erasures do), the next days of the month take it as it is. A month end before the first
    core_life delivery has nothing to compare with; that is no error.
    """
    as_of = previous_month_end(plan.as_of)
    with writer_lock(settings):
        if lake.newest_date(settings, "core_life", as_of) is None:
            return
        kept = _previous_file(settings, plan)
        for other in settings.build_dir.glob("previous-*"):
            if other.is_dir():
                shutil.rmtree(other)  # what a killed build spilled
            elif other != kept:
                other.unlink()
        if kept.exists():
            return
        draft = kept.with_suffix(".draft.duckdb")
        _attach_lake(settings, replace(plan, as_of=as_of), draft)
        models = [f"+{model}" for model in PREVIOUS_MODELS]
        untested = ["--exclude-resource-type", "test", "unit_test", "seed"]
        _dbt(settings, draft, ["build", "--select", *models, *untested])
        _keep_previous(settings, draft, kept)


def _keep_previous(settings: Settings, draft: Path, kept: Path) -> None:
    """Take over what is compared with, by one rename, and throw the rest away."""
    part = kept.with_suffix(".part.duckdb")
    with connect(part, settings) as connection:
        connection.execute(f"attach '{draft}' as draft (read_only)")
        connection.execute("create schema mart")
        for model in PREVIOUS_MODELS:
            connection.execute(f"create table mart.{model} as from draft.mart.{model}")
    part.rename(kept)
    _remove_build(draft)


def start_build(settings: Settings, plan: BuildPlan) -> Path:
    """Make an empty build file with the accepted state of the lake attached as schema ``lake``."""
    target = build_file(settings, plan)
    with writer_lock(settings):
        _remove_build(target)
        target.with_suffix(".gate.json").unlink(missing_ok=True)
        _attach_lake(settings, plan, target)
        _take_over_previous(settings, target, _previous_file(settings, plan))
        write_json(target.with_suffix(".plan.json"), plan.as_json())
    return target


def _previous_file(settings: Settings, plan: BuildPlan) -> Path:
    """Where the last month's end lies that belongs to the plan: a keyed hash, since customer ids depend on the key."""
    snapshot = lake.snapshot(settings, previous_month_end(plan.as_of), plan.known_at)
    inputs = (snapshot.fingerprint, plan.code_version, plan.parameter_version, str(snapshot.as_of), str(plan.known_at))
    return settings.build_dir / f"previous-{keys.pseudonym(keys.load_key(settings), *inputs)[:16]}.duckdb"


def _remove_build(target: Path) -> None:
    target.unlink(missing_ok=True)
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)


def _attach_lake(settings: Settings, plan: BuildPlan, target: Path) -> None:
    with connect(target, settings) as connection:
        lake.attach(connection, lake.snapshot(settings, plan.as_of, plan.known_at))
        publications.attach(connection, settings, publications.until(settings, plan.base_publication))
        parameters.load_in_force(connection, settings)
        connection.execute(
            "create table lake.generation_info as select ? as generation_id, ?::timestamp as built_at, "
            "? as code_version, ? as parameter_version",
            [plan.generation_id, runlog.now().replace(tzinfo=None), plan.code_version, plan.parameter_version],
        )


def _take_over_previous(settings: Settings, target: Path, previous: Path) -> None:
    if not previous.exists():
        return
    with connect(target, settings) as connection:
        connection.execute(f"attach '{previous}' as previous (read_only)")
        for model in PREVIOUS_MODELS:
            connection.execute(f"create table lake.previous_{model} as from previous.mart.{model}")


def require_same_code(plan: BuildPlan) -> None:
    """Raises GlifeError when the program is another than the one that planned the build: half of each would be neither."""
    if plan.code_version != code_version():
        raise GlifeError(
            f"the program was changed from {plan.code_version} to {code_version()} while this was being built",
            plan.generation_id,
            "start again with `glife run`; the published generation stays as it is",
        )


def run_layer(settings: Settings, plan: BuildPlan, layer: str) -> None:
    """Run one layer's models and tests; raises GlifeError with dbt's own words when one fails."""
    require_same_code(plan)
    target = build_file(settings, plan)
    if not target.exists():
        raise GlifeError("there is no build to go on with", str(target), "start again with `glife build`")
    with writer_lock(settings):
        # Buildable: a test that compares with a later layer's model waits for that layer.
        tests = ["--indirect-selection", "buildable"]
        is_last = layer == LAYERS[-1]
        _dbt(settings, target, ["build", "--select", *_selection(layer), *tests, *_WITHOUT_UNIT_TESTS], with_manifest=is_last)


def run_models(settings: Settings, target: Path, names: list[str]) -> None:
    """Run single models on a database file that has all that they read."""
    _dbt(settings, target, ["run", "--select", *names])


def parse(settings: Settings) -> None:
    """Have dbt write its manifest, which says what depends on what."""
    _dbt(settings, settings.build_dir / "parse.duckdb", ["parse"], with_manifest=True)


def build(settings: Settings, as_of: date | None = None, known_at: datetime | None = None) -> BuildPlan:
    """Plan, start and run every layer."""
    plan = plan_build(settings, as_of, known_at)
    build_previous(settings, plan)
    start_build(settings, plan)
    for layer in LAYERS:
        run_layer(settings, plan, layer)
    return plan


def build_identity(
    settings: Settings, plan: BuildPlan, target: Path, change: Callable[[duckdb.DuckDBPyConnection], None]
) -> None:
    """Identity of ``plan`` in a file of its own, with ``change`` done to the reference tables first."""
    with writer_lock(settings):
        _remove_build(target)
        _attach_lake(settings, plan, target)
        with connect(target, settings) as connection:
            change(connection)
        _dbt(settings, target, ["run", "--select", "+path:models/identity", "+core_probable_link"])


def newest_plan(settings: Settings) -> BuildPlan:
    """The plan of the build that was started last; raises GlifeError when there is none."""
    plans = sorted(settings.build_dir.glob("*.plan.json"), key=lambda path: path.stat().st_mtime_ns)
    if not plans:
        raise GlifeError("nothing has been built yet", str(settings.build_dir), "run `glife build` first")
    return read_plan(plans[-1])


def read_plan(path: Path) -> BuildPlan:
    import json

    return BuildPlan.from_json(json.loads(path.read_text(encoding="utf-8")))


def _selection(layer: str) -> list[str]:
    if layer not in LAYERS:
        raise GlifeError(f"there is no layer {layer}", "build", f"the layers are {', '.join(LAYERS)}")
    models = f"path:models/{layer}"
    return ["path:seeds", models] if layer == LAYERS[0] else [models]


def writer_lock(settings: Settings):
    return lock(settings.build_dir / ".lock", "a build")


def dbt_target(settings: Settings) -> Path:
    """Where dbt keeps its manifest and what it parsed; apart for each code version, since dbt takes over what it parsed before
    and trips over models that have moved since."""
    return settings.build_dir / f"dbt-{code_version()}"


def dbt_environment(settings: Settings, target: Path) -> dict[str, str]:
    """Environment of a dbt process: everything it writes stays below GLIFE_HOME."""
    return {
        **os.environ,
        "GLIFE_HOME": str(settings.home),
        "GLIFE_KEY_FILE": str(settings.key_file),
        "GLIFE_BUILD_FILE": str(target),
        "GLIFE_THREADS": str(settings.threads),
        "GLIFE_MEMORY_LIMIT": settings.memory_limit,
        "DBT_TARGET_PATH": str(dbt_target(settings)),
        "DBT_LOG_PATH": str(settings.log_dir / "dbt"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "PYTHONWARNINGS": "ignore",
    }


def dbt_command(arguments: list[str]) -> list[str]:
    """Command line of one dbt call."""
    verb, *rest = arguments
    program = str(Path(sys.executable).with_name("dbt"))
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    return [program, "--no-use-colors", "--no-version-check", verb, *folders, *rest]


def _dbt(settings: Settings, target: Path, arguments: list[str], with_manifest: bool = False) -> None:
    """Run dbt; the manifest, which takes a second to write, is written once a build."""
    process = subprocess.Popen(
        dbt_command([*arguments, "--write-json" if with_manifest else "--no-write-json"]),
        env=dbt_environment(settings, target),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None
    tail: deque[str] = deque(maxlen=400)
    for line in process.stdout:
        tail.append(line.rstrip())
        _LOG.debug("dbt: %s", line.rstrip())
    if process.wait() != 0:
        raise GlifeError(
            f"dbt {' '.join(arguments)} failed: {_failures(tail)}",
            str(target),
            f"see {settings.log_dir / 'dbt' / 'dbt.log'}; the published generation stays as it is",
        )


def _failures(lines: deque[str]) -> str:
    """The lines in which dbt names what failed, not its whole chatter."""
    texts = [line.split("  ", 1)[-1].strip() for line in lines]
    named = [
        text
        for text in texts
        if text.startswith(("Failure in", "Error in", "Runtime Error", "Compilation Error", "Database Error"))
    ]
    return "; ".join(dict.fromkeys(named)) or " ".join(texts[-3:])
