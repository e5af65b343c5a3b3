"""What several test packages share: one published generation of the shared deliveries, made once a session."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT, Settings, get_settings


@dataclass(frozen=True)
class SharedGeneration:
    """Deliveries ingested, built, checked and published by the steps that `glife run` takes, for tests to share."""

    deliveries: Path
    truth: Path
    settings: Settings
    build: Path  # the build as the publish gate saw it; publishing removes the original
    folder: Path  # the published generation


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the shared deliveries and their truth, beside the project or where GLIFE_SHARED says."""
    folder = Path(os.environ.get("GLIFE_SHARED", PROJECT_ROOT.parent / "shared"))
    if not (folder / "deliveries").is_dir():
        pytest.skip(f"no shared deliveries in {folder}; set GLIFE_SHARED")
    return folder


@pytest.fixture(scope="session")
def shared_generation(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> SharedGeneration:
    """One published generation of the shared deliveries; read it, never change it."""
    home = tmp_path_factory.mktemp("shared") / "home"
    return publish_generation(shared / "deliveries", shared / "deliveries_truth", home)


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
