"""What an operator wants to know: deliveries, the current generation, gate results, packages."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from warehouse import lake
from warehouse import publish as publishing
from warehouse.publish import Generation, current_generation
from warehouse.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from exports.delivery import DeliveryOutcome
    from exports.package import PackageResult
    from exports.standing import Standing
    from warehouse.rehearsal import Rehearsal


def collect(settings: Settings) -> dict[str, Any]:
    """Everything that `glife status` shows, as plain JSON values."""
    from quality import gates

    deliveries = _deliveries(settings)
    current = current_generation(settings)
    return {
        "current": {"generation_id": current.generation_id, "as_of": current.as_of} if current else None,
        "deliveries": deliveries,
        "late": _late(settings, deliveries),
        "gates": gates.latest(settings),
        **dataclasses.asdict(_standing(settings)),
    }


def print_all(settings: Settings, out: Console) -> None:
    """The whole status for people."""
    content = collect(settings)
    if current := content["current"]:
        out.print(f"current generation {current['generation_id']}, as of {current['as_of']}")
    else:
        out.print("nothing has been published yet: run `glife run`")
    print_deliveries(settings, out, only_troubled=True)
    for source, newest in content["late"].items():
        out.print(f"late: {source} delivered last for {newest or 'no date yet'}")
    for gate, summary in content["gates"].items():
        out.print(f"gate {gate}: {summary}")
    print_packages(settings, out)


def print_deliveries(settings: Settings, out: Console, only_troubled: bool) -> None:
    """One line a source, then each delivery that was not loaded, and why."""
    deliveries = _deliveries(settings)
    if not only_troubled:
        table = Table("source", "loaded", "refused", "incomplete", "rows", "quarantined", box=None)
        for source in sorted({delivery["source"] for delivery in deliveries}):
            own = [delivery for delivery in deliveries if delivery["source"] == source]
            states = Counter(delivery["status"] for delivery in own)
            rows = sum(delivery["rows_loaded"] for delivery in own)
            quarantined = sum(delivery["rows_quarantined"] for delivery in own)
            counts = (states["ACCEPTED"], states["REJECTED"], states["INCOMPLETE"], f"{rows:,}", f"{quarantined:,}")
            table.add_row(source, *map(str, counts))
        out.print(table)
    for delivery in deliveries:
        if delivery["status"] != "ACCEPTED":
            out.print(f"{delivery['status'].lower()}: {delivery['source']}/{delivery['folder']}: {delivery['reason']}")
    quarantined = sum(delivery["rows_quarantined"] for delivery in deliveries)
    if quarantined:
        out.print(f"{quarantined:,} rows are in quarantine: glife quarantine list")


def quarantine(settings: Settings, source: str | None) -> list[dict[str, Any]]:
    """The quarantined rows of the deliveries in force: where they stand and why, not what they hold (that is personal)."""
    from warehouse.duck import connect

    with connect(":memory:", settings) as connection:
        lake.attach(connection, lake.snapshot(settings, date.max))
        rows = connection.execute(
            "select source_system, business_date::varchar as business_date, revision, file_name, line_number, reasons "
            "from lake.quarantine where source_system = coalesce(?, source_system) order by all",
            [source],
        )
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def print_quarantine(settings: Settings, source: str | None, limit: int, out: Console) -> None:
    """One line a quarantined row, the newest first, at most ``limit``; then how many each reason has."""
    rows = quarantine(settings, source)
    for row in sorted(rows, key=lambda row: row["business_date"], reverse=True)[:limit]:
        where = f"{row['source_system']}/{row['business_date']}/{row['file_name']}, line {row['line_number']}"
        out.print(f"{where}: {'; '.join(row['reasons'])}")
    reasons = Counter(reason for row in rows for reason in row["reasons"])
    out.print(f"{len(rows):,} rows" + (f", of which {limit:,} are shown" if len(rows) > limit else ""))
    for reason, count in reasons.most_common(10):
        out.print(f"  {count:,} × {reason}")


def print_generation(settings: Settings, generation: Generation, out: Console) -> None:
    """What was published, and where."""
    if not generation.is_current:
        out.print(f"generation {generation.generation_id}, as of {generation.as_of}, lies beside the current one:")
        out.print(f"  {generation.folder}")
        out.print(f"  glife query --generation {generation.generation_id} 'select …'")
        return
    out.print(f"published {generation.generation_id}, as of {generation.as_of}: {settings.current}")
    with publishing.reader(settings) as connection:
        for table in ("customer", "policy", "customer_tier", "partner_score"):
            row = connection.execute(f"select count(*) from mart.{table}").fetchone()
            out.print(f"  {table}: {row[0] if row else 0:,} rows")
    print_packages(settings, out)


def print_packages(settings: Settings, out: Console) -> None:
    """One line a channel: packages by state; then what is held and why, answers that do not count, overdue answers."""
    now = _standing(settings)
    for channel in sorted({package.channel for package in now.packages}):
        states = Counter(package.state for package in now.packages if package.channel == channel)
        out.print(f"{channel}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    for package in now.packages:
        if package.state == "held" and package.is_newest:
            out.print(f"held: {package.channel} {package.recipient} {package.package_id}: {'; '.join(package.why)}")
            out.print(f"  {package.remedy}")
    for fault in now.faults:
        out.print(f"acknowledgement does not count: {fault}")
    for reminder in now.reminders:
        out.print(f"overdue: {reminder}")
    if now.packages:
        out.print(f"packages are in {settings.outbox}")


def print_deliveries_out(settings: Settings, outcomes: list[DeliveryOutcome], out: Console) -> None:
    """One line a target: what went out, how many answers came back, or what is wrong."""
    if not outcomes:
        out.print(f"nothing to deliver: no package of a recipient with a target in {settings.delivery_file}")
    for outcome in outcomes:
        fate = outcome.problem or ("delivered" if outcome.is_new else "delivered before")
        answers = f", {len(outcome.acks)} answers" if outcome.acks else ""
        out.print(f"{outcome.channel} {outcome.recipient} {outcome.package_id}: {fate}{answers}")


def print_plans(plans: list[PackageResult], out: Console) -> None:
    """One line a recipient: what a dry run says would be sent, removed and held, and why."""
    table = Table("channel", "recipient", "lines", "new", "changed", "same", "removed", "", box=None)
    for plan in plans:
        counts = plan.totals["change"]
        numbers = [counts[change] for change in ("NEW", "CHANGED", "SAME", "REMOVED")]
        fate = f"HELD: {'; '.join(plan.why)}" if plan.is_held else "" if plan.is_new else f"made already: {plan.package_id}"
        table.add_row(plan.channel, plan.recipient, *map(str, (sum(numbers), *numbers)), fate)
    out.print(table)


def print_rehearsal(result: Rehearsal, out: Console) -> None:
    """What other parameters would do: of each result who moves from where to where, and the totals."""
    out.print(f"rehearsed on {result.generation_id}, as of {result.as_of}; nothing was published")
    if result.other_code:
        out.print("the generation was made by another version of the product: part of the changes may come from that")
    if not result.changed_tables:
        out.print("the tables say what the generation was made with: nothing changes")
        return
    out.print(f"changed tables: {', '.join(result.changed_tables)}; --out DIR writes down everyone who would change")
    for name, changes in result.changes.items():
        out.print(f"\n{name}: {changes.height:,} would change")
        if changes.height:
            _print_frame(result.moves[name], out)
        totals = result.totals[name]
        _print_frame(totals.sort(totals.columns[1], totals.columns[0], descending=[False, True]), out)


def _print_frame(frame: pl.DataFrame, out: Console) -> None:
    table = Table(*frame.columns, box=None)
    for row in frame.iter_rows():
        table.add_row(*("–" if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    out.print(table)


def _deliveries(settings: Settings) -> list[dict[str, Any]]:
    rows = []
    for record in lake.in_force(lake.commits(settings)):
        files = record.get("files", [])
        rows.append(
            {
                "source": record["source"],
                "folder": record["folder"],
                "business_date": record["business_date"],
                "status": record["status"],
                "reason": record.get("reason"),
                "warnings": record.get("warnings", []),
                "rows_loaded": sum(file["rows_loaded"] or 0 for file in files),
                "rows_quarantined": sum(file["rows_quarantined"] or 0 for file in files),
            }
        )
    return sorted(rows, key=lambda row: (row["source"], row["folder"]))


def _late(settings: Settings, deliveries: list[dict[str, Any]]) -> dict[str, str]:
    """Sources whose newest accepted delivery lies more than ``late_days`` before the newest of any source."""
    newest: dict[str, str] = {}
    for delivery in deliveries:
        date_ = delivery["business_date"] if delivery["status"] == "ACCEPTED" else ""
        newest[delivery["source"]] = max(newest.get(delivery["source"], ""), date_)
    if not any(newest.values()):
        return {}
    limit = (date.fromisoformat(max(newest.values())) - timedelta(days=settings.late_days)).isoformat()
    return {source: day for source, day in sorted(newest.items()) if day < limit and source != "acks"}


def _standing(settings: Settings) -> Standing:
    from exports.standing import standing

    current = current_generation(settings)
    return standing(settings, date.fromisoformat(current.as_of) if current else date.min)
