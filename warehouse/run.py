"""The steps of the daily job, as the DAG's tasks and the command line call them.

Arguments and results are plain JSON values, since Airflow hands them from process to process.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from warehouse import build, lake, runlog
from warehouse import publish as publishing
from warehouse.build import BuildPlan
from warehouse.errors import GlifeError
from warehouse.files import write_json
from warehouse.settings import Settings, get_settings


def parse_date(text: str | None) -> date | None:
    """ISO date or nothing; raises GlifeError otherwise."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise GlifeError(f"{text!r} is not a date", "as_of", "write it as 2026-01-31") from None


def parse_time(text: str | None) -> datetime | None:
    """ISO time, Shanghai when without offset, or nothing; raises GlifeError otherwise."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise GlifeError(f"{text!r} is not a time", "known_at", "write it as 2026-02-01T08:00:00") from None
    return moment.replace(tzinfo=runlog.SHANGHAI) if moment and moment.tzinfo is None else moment


def discover(up_to: str | None) -> list[str]:
    """Sources with something to read for business dates up to ``up_to``."""
    from ingest import run as ingestion

    return ingestion.discover(get_settings(), parse_date(up_to))


def ingest(source: str, up_to: str | None) -> dict[str, int]:
    """Read one source's complete deliveries; returns how many ended in which status."""
    from ingest import run as ingestion

    settings = get_settings()
    results = ingestion.ingest_source(settings, source, parse_date(up_to))
    for result in results:
        if result.is_new:
            runlog.log(settings, "delivery", source=source, folder=result.folder, status=result.status, reason=result.reason)
    statuses = [result.status for result in results]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def plan(window: dict[str, str | None]) -> dict[str, Any]:
    """A BuildPlan: of exactly ``as_of``, else of the newest accepted core_life date up to ``up_to``."""
    settings = get_settings()
    as_of = parse_date(window["as_of"]) or lake.newest_date(settings, "core_life", parse_date(window["up_to"]))
    return build.plan_build(settings, as_of, parse_time(window["known_at"])).as_json()


def source_gate(plan_json: dict[str, Any]) -> None:
    """Hold the build when a source drifted beyond its limits."""
    from quality import gates

    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    if not publishing.is_published(settings, plan.generation_id):
        result = gates.source_gate(settings, lake.snapshot(settings, plan.as_of, plan.known_at))
        _require(settings, result, "the sources")


def build_previous(plan_json: dict[str, Any]) -> None:
    """Compute last month's end for comparison, unless the generation is published already."""
    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    if not publishing.is_published(settings, plan.generation_id):
        build.build_previous(settings, plan)


def start_build(plan_json: dict[str, Any]) -> None:
    """Make the build file, unless its generation is published already."""
    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    if not publishing.is_published(settings, plan.generation_id):
        build.start_build(settings, plan)


def build_layer(plan_json: dict[str, Any], layer: str) -> None:
    """Run one layer of dbt models, unless the generation is published already."""
    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    if not publishing.is_published(settings, plan.generation_id):
        build.run_layer(settings, plan, layer)
        runlog.log(settings, "built", layer=layer, generation_id=plan.generation_id)


def publish_gate(plan_json: dict[str, Any]) -> None:
    """Check the build; its verdict lies beside the build file, where ``publish`` looks for it."""
    from quality import gates

    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    if publishing.is_published(settings, plan.generation_id):
        return
    result = gates.publish_gate(settings, build.build_file(settings, plan))
    write_json(publishing.gate_file(settings, plan), {"passed": result.passed})
    _require(settings, result, "the build")


def publish(plan_json: dict[str, Any]) -> None:
    """Publish the build, or find it published."""
    publishing.publish(get_settings(), BuildPlan.from_json(plan_json))


def export(plan_json: dict[str, Any], channel: str) -> dict[str, int]:
    """Write a channel's packages from the current generation; a generation of an earlier date exports nothing."""
    from exports import run as exporting

    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    current = publishing.current_generation(settings)
    if current is None or current.generation_id != plan.generation_id:
        return {}
    results = exporting.export_all(settings, current.folder, [channel])
    return {"packages": len(results)}


def deliver(plan_json: dict[str, Any]) -> dict[str, int]:
    """Bring packages to the declared targets; one that fails is in the run log and tried again by the next run."""
    from exports import delivery

    settings, plan = get_settings(), BuildPlan.from_json(plan_json)
    current = publishing.current_generation(settings)
    if current is None or current.generation_id != plan.generation_id:
        return {}
    try:
        outcomes = delivery.deliver(settings, current.as_of)
    except GlifeError as refusal:  # a wrong declaration; what was published stays published
        runlog.log(settings, "delivery_failed", why=str(refusal))
        return {"targets": 0, "failed": 1}
    return {"targets": len(outcomes), "failed": sum(bool(outcome.problem) for outcome in outcomes)}


def record_failure(run_id: str, task_id: str, map_index: int, exception: object) -> None:
    """Remember why a task of a run failed."""
    runlog.log(get_settings(), "task_failed", run_id=run_id, task=task_id, index=map_index, reason=str(exception))


def report(run_id: str) -> None:
    """Close the run in the run log with the state it leaves, and remind of answers that are overdue."""
    from exports.standing import standing

    settings = get_settings()
    current = publishing.current_generation(settings)
    if current:
        now = standing(settings, date.fromisoformat(current.as_of))
        for fault in now.faults:
            runlog.log(settings, "ack_does_not_count", ack=fault)
        for reminder in now.reminders:
            runlog.log(settings, "answer_overdue", reminder=reminder)
    runlog.log(settings, "run_ended", run_id=run_id, generation_id=current.generation_id if current else None)


def _require(settings: Settings, result: Any, what: str) -> None:
    broken = [check for check in result.results if not check.success]
    for check in broken:
        runlog.log(settings, "gate", suite=check.suite, metric=check.metric, severity=check.severity, observed=check.observed)
    if not result.passed:
        holding = [f"{check.suite}.{check.metric} is {check.observed}" for check in broken if check.severity == "hold"]
        raise GlifeError(
            f"{what} did not pass the gate: {'; '.join(holding)}",
            str(settings.quality_dir),
            "see `glife status`; the published generation stays as it is",
        )
