"""The daily job: deliveries in, a published warehouse, tier lists out.

Order, schedule, retries and pools only; what a task does is a public function of ``warehouse.run``, imported when the
task runs, so that the scheduler parses this file fast.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Param, dag, get_current_context, task, teardown
from airflow.sdk.exceptions import AirflowFailException

LAYERS = ("staging", "identity", "core", "marts")
CHANNELS = ("individual", "broker", "banca", "wechat", "crm")
BUILD_POOL = "build"


def call(step: str, *arguments: Any) -> Any:
    """Run a step; a refusal fails the task at once, since trying again would only be refused again."""
    from warehouse import run
    from warehouse.errors import GlifeError

    try:
        return getattr(run, step)(*arguments)
    except GlifeError as refusal:
        raise AirflowFailException(str(refusal)) from None


def record_failure(context: Any) -> None:
    """Failure callback: one line in the run log."""
    task_instance = context["task_instance"]
    call("record_failure", context["run_id"], task_instance.task_id, task_instance.map_index, context.get("exception"))


def window() -> dict[str, str | None]:
    """Which business dates this run is about: exactly ``as_of`` (param), or up to the end of a scheduled interval."""
    context = get_current_context()
    params = context["params"]
    is_planned = context["dag_run"].run_type in ("scheduled", "backfill")
    up_to = context["data_interval_end"].in_timezone("Asia/Shanghai").to_date_string() if is_planned else None
    return {"as_of": params["as_of"], "known_at": params["known_at"], "up_to": params["as_of"] or up_to}


@dag(
    dag_id="glife_daily",
    description="Deliveries in, a published warehouse, tier lists out",
    schedule="30 5 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    tags=["glife"],
    params={
        "as_of": Param(None, title="Business date, for a back-fill; empty = newest", type=["null", "string"], format="date"),
        "known_at": Param(None, title="Only deliveries accepted by this time", type=["null", "string"], format="date-time"),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=2),
        "execution_timeout": timedelta(hours=2),
        "on_failure_callback": record_failure,
    },
    doc_md=__doc__,
)
def glife_daily() -> None:
    @task
    def discover() -> list[str]:
        return call("discover", window()["up_to"])

    @task(max_active_tis_per_dagrun=2, map_index_template="{{ task.op_kwargs['source'] }}")
    def ingest(source: str) -> dict[str, Any]:
        return call("ingest", source, window()["up_to"])

    @task(trigger_rule="none_failed")
    def plan() -> dict[str, Any]:
        return call("plan", window())

    @task
    def source_gate(build_plan: dict[str, Any]) -> None:
        call("source_gate", build_plan)

    @task(pool=BUILD_POOL)
    def build_previous(build_plan: dict[str, Any]) -> None:
        call("build_previous", build_plan)

    @task(pool=BUILD_POOL)
    def start_build(build_plan: dict[str, Any]) -> None:
        call("start_build", build_plan)

    @task(pool=BUILD_POOL)
    def build_layer(build_plan: dict[str, Any], layer: str) -> None:
        call("build_layer", build_plan, layer)

    @task
    def publish_gate(build_plan: dict[str, Any]) -> None:
        call("publish_gate", build_plan)

    @task
    def publish(build_plan: dict[str, Any]) -> None:
        call("publish", build_plan)

    @task(max_active_tis_per_dagrun=2, map_index_template="{{ task.op_kwargs['channel'] }}")
    def export(build_plan: dict[str, Any], channel: str) -> dict[str, int]:
        return call("export", build_plan, channel)

    @task
    def deliver(build_plan: dict[str, Any]) -> dict[str, int]:
        return call("deliver", build_plan)

    @teardown
    def report() -> None:
        call("report", get_current_context()["run_id"])

    build_plan = plan()
    ingest.expand(source=discover()) >> build_plan
    last = source_gate(build_plan) >> build_previous(build_plan) >> start_build(build_plan)
    for layer in LAYERS:
        last = last >> build_layer.override(task_id=f"build_{layer}")(build_plan, layer)
    published = publish(build_plan)
    last >> publish_gate(build_plan) >> published
    published >> export.partial(build_plan=build_plan).expand(channel=CHANNELS) >> deliver(build_plan) >> report()


glife_daily()
