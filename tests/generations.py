"""A published generation for tests, made by the steps that `glife run` takes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from warehouse.settings import Settings, get_settings


@dataclass(frozen=True)
class SharedGeneration:
    """Deliveries ingested, built, checked and published by the steps that `glife run` takes, for tests to share."""

    deliveries: Path
    truth: Path
    settings: Settings
    build: Path  # the build as the publish gate saw it; publishing removes the original
    folder: Path  # the published generation


def publish_generation(deliveries: Path, truth: Path, home: Path) -> SharedGeneration:
    """Publish a generation of all deliveries in a new home; needs no Airflow."""
    from warehouse import build, run

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLIFE_HOME", str(home))
        patch.setenv("GLIFE_LANDING", str(deliveries))
        patch.setenv("GLIFE_KEY_FILE", str(home / "key"))
        patch.setenv("GLIFE_QUIET_SECONDS", "0")
        settings = get_settings()
        for source in run.discover(None):
            run.ingest(source, None)
        plan = run.plan({"as_of": None, "up_to": None, "known_at": None})
        run.source_gate(plan)
        run.build_previous(plan)
        run.start_build(plan)
        for layer in build.LAYERS:
            run.build_layer(plan, layer)
        run.publish_gate(plan)
        kept = home.with_name("build.duckdb")
        shutil.copy(build.build_file(settings, build.BuildPlan.from_json(plan)), kept)
        run.publish(plan)
    return SharedGeneration(deliveries, truth, settings, kept, settings.current.resolve())
