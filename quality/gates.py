"""The two gates: sources against their own past before a build, a build against the lake before it is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from quality import profile, reconciliation, suites, validation
from quality.validation import CheckResult
from warehouse import lake, runlog
from warehouse.duck import connect
from warehouse.files import write_json
from warehouse.lake import Snapshot
from warehouse.settings import Settings

SOURCE, PUBLISH = "source", "publish"


@dataclass(frozen=True)
class GateResult:
    """What a gate found; ``passed`` unless a check that holds failed."""

    passed: bool
    results: list[CheckResult]


def source_gate(settings: Settings, snapshot: Snapshot) -> GateResult:
    """Compare each source's newest accepted delivery with its earlier ones: volumes, nulls, code mixes, quarantine."""
    run_id = f"{snapshot.as_of:%Y%m%d}-{snapshot.fingerprint[:12]}"
    connection = connect(":memory:", settings)
    try:
        lake.attach(connection, snapshot)
        profile.build(connection)
        return _judge(settings, run_id, SOURCE, connection, suites.load(SOURCE))
    finally:
        connection.close()


def publish_gate(settings: Settings, build_file: Path) -> GateResult:
    """Check a build: keys, references, ranges, lake = marts to the fen, identity, drift against what is published."""
    connection = connect(build_file, settings, read_only=True)
    try:
        reconciliation.attach(connection)
        without = frozenset[str]() if _attach_published(settings, connection) else frozenset({"drift"})
        return _judge(settings, build_file.stem, PUBLISH, connection, suites.load(PUBLISH, without))
    finally:
        connection.close()


def latest(settings: Settings) -> dict[str, str]:
    """One sentence on the last verdict of each gate, for `glife status`."""
    summary = {}
    for gate in (SOURCE, PUBLISH):
        files = sorted(settings.quality_dir.glob(f"*/{gate}.json"), key=lambda path: path.stat().st_mtime_ns)
        if files:
            summary[gate] = _sentence(json.loads(files[-1].read_text(encoding="utf-8")))
    return summary


def _attach_published(settings: Settings, connection: duckdb.DuckDBPyConnection) -> bool:
    """Attach the current generation as ``published`` for drift checks, unless it describes a later date."""
    from warehouse.publish import current_generation

    current = current_generation(settings)
    as_of = connection.execute("select as_of from lake.build_info").fetchone()
    if current is None or as_of is None or as_of[0].isoformat() < current.as_of:
        return False
    path = str(current.folder / "analyst.duckdb").replace("'", "''")
    connection.execute(f"attach '{path}' as published (read_only)")
    return True


def _judge(
    settings: Settings,
    run_id: str,
    gate: str,
    connection: duckdb.DuckDBPyConnection,
    metrics: Sequence[suites.Metric],
) -> GateResult:
    results = validation.expect(metrics, validation.measure(connection, metrics))
    passed = all(check.success for check in results if check.severity == "hold")
    content = {
        "gate": gate,
        "run_id": run_id,
        "checked_at": runlog.now().isoformat(),
        "passed": passed,
        "results": [asdict(check) for check in results],
    }
    write_json(settings.quality_dir / run_id / f"{gate}.json", content)
    return GateResult(passed, results)


def _sentence(content: dict) -> str:
    failed = [check for check in content["results"] if not check["success"]]
    holding = [check for check in failed if check["severity"] == "hold"]
    verdict = "passed" if content["passed"] else "HELD"
    counts = f"{len(content['results'])} checks, {len(holding)} hold, {len(failed) - len(holding)} warn"
    found = "; ".join(f"{check['suite']}.{check['metric']}: {check['observed']}" for check in holding or failed)
    return f"{verdict} {content['checked_at']} ({counts})" + (f": {found}" if found else "")
