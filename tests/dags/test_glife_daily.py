"""The DAG: really loaded, its tasks and order as planned, parsed fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse import airflow_home
from warehouse.settings import get_settings

_PROBE = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
start = time.perf_counter()
bag = DagBag(sys.argv[1])
seconds = time.perf_counter() - start
dag = bag.dags["glife_daily"]
print(json.dumps({
    "dags": sorted(bag.dags), "errors": bag.import_errors, "seconds": seconds,
    "params": sorted(dag.params), "max_active_runs": dag.max_active_runs, "catchup": dag.catchup,
    "tasks": {t.task_id: {"downstream": sorted(t.downstream_task_ids), "pool": t.pool, "retries": t.retries,
                          "has_timeout": t.execution_timeout is not None, "mapped": t.is_mapped,
                          "teardown": t.is_teardown, "tells": bool(t.on_failure_callback)} for t in dag.tasks}}))
"""

EXPECTED = {
    "discover": {"ingest"},
    "ingest": {"plan"},
    "plan": {"source_gate", "build_previous", "start_build", "build_staging", "build_identity", "build_core",
             "build_marts", "publish_gate", "publish", "export", "deliver"},
    "source_gate": {"build_previous"},
    "build_previous": {"start_build"},
    "start_build": {"build_staging"},
    "build_staging": {"build_identity"},
    "build_identity": {"build_core"},
    "build_core": {"build_marts"},
    "build_marts": {"publish_gate"},
    "publish_gate": {"publish"},
    "publish": {"export"},
    "export": {"deliver"},
    "deliver": {"report"},
    "report": set(),
}  # fmt: skip


@pytest.fixture(scope="module")
def dag(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The DAG as Airflow sees it, loaded in a process of its own with the product's Airflow settings."""
    import json

    settings = get_settings(home=tmp_path_factory.mktemp("home"))
    probe = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROBE, str(airflow_home.DAG_FOLDER)],
        env={**os.environ, **airflow_home.prepare(settings)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(probe.stdout.strip().splitlines()[-1])


def test_exactly_the_planned_dag_loads(dag: dict) -> None:
    assert dag["errors"] == {}
    assert dag["dags"] == ["glife_daily"]


def test_tasks_and_order_are_as_planned(dag: dict) -> None:
    assert {name: set(task["downstream"]) for name, task in dag["tasks"].items()} == EXPECTED


def test_only_writers_of_the_build_file_use_the_pool_of_one(dag: dict) -> None:
    in_pool = {name for name, task in dag["tasks"].items() if task["pool"] == airflow_home.BUILD_POOL}
    assert in_pool == {"build_previous", "start_build", "build_staging", "build_identity", "build_core", "build_marts"}


def test_every_task_retries_has_a_timeout_and_tells_of_its_failure(dag: dict) -> None:
    for name, task in dag["tasks"].items():
        assert task["retries"] >= 1 and task["has_timeout"] and task["tells"], name


def test_sources_and_channels_run_side_by_side(dag: dict) -> None:
    assert {name for name, task in dag["tasks"].items() if task["mapped"]} == {"ingest", "export"}


def test_report_cannot_turn_a_failed_run_green(dag: dict) -> None:
    assert dag["tasks"]["report"]["teardown"]


def test_back_fill_is_a_param_and_runs_never_overlap(dag: dict) -> None:
    assert dag["params"] == ["as_of", "known_at"]
    assert dag["max_active_runs"] == 1 and dag["catchup"] is False


def test_file_parses_in_under_two_seconds(dag: dict) -> None:
    assert dag["seconds"] < 2


def test_home_of_the_users_airflow_is_left_alone(tmp_path: Path) -> None:
    variables = airflow_home.environment(get_settings(home=tmp_path))
    assert variables["AIRFLOW_HOME"].startswith(str(tmp_path))
    assert variables["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert variables["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
