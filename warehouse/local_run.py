"""``glife run``: the Airflow DAG in this process, on an Airflow of its own."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from warehouse import airflow_home
from warehouse import publish as publishing
from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.publish import Generation
from warehouse.settings import Settings

DAG_ID = "glife_daily"


def run_dag(settings: Settings, params: dict[str, Any]) -> Generation:
    """Run the daily DAG once and return the generation it made or found; raises GlifeError when a task failed."""
    with lock(settings.home / "run.lock", "a run", wait=False):
        os.environ.update(airflow_home.prepare(settings))
        if not logging.getLogger("glife").isEnabledFor(logging.DEBUG):
            os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "CRITICAL"
        dag = _load_dag()
        for task in dag.tasks:
            task.retries = 0  # whoever sits at a terminal wants the reason now, not after two delays
        dag_run = dag.test(run_conf=params)
        if dag_run.state != "success":
            raise _failure(settings, dag_run.run_id)
        return _made_by(settings, dag_run)


def _load_dag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(airflow_home.DAG_FOLDER))
    if DAG_ID not in bag.dags:
        faults = "; ".join(error.strip().splitlines()[-1] for error in bag.import_errors.values())
        raise GlifeError(f"the DAG could not be loaded: {faults or 'no such DAG'}", str(airflow_home.DAG_FOLDER))
    return bag.dags[DAG_ID]


def _failure(settings: Settings, run_id: str) -> GlifeError:
    """What the failed tasks said of themselves."""
    reasons = []
    for line in (settings.log_dir / "runs.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "task_failed" and event["run_id"] == run_id:
            reasons.append(event["reason"])
    return GlifeError("not published: " + "; ".join(dict.fromkeys(reasons)) if reasons else "not published")


def _made_by(settings: Settings, dag_run: Any) -> Generation:
    plan = dag_run.get_task_instance("plan").xcom_pull(task_ids="plan")
    folder = publishing.generation_folder(settings, plan["generation_id"])
    current = publishing.current_generation(settings)
    return Generation(folder, plan["generation_id"], plan["as_of"], bool(current and current.folder == folder.resolve()))
