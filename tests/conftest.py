"""What several test packages share: one published generation of the shared deliveries, made once a session."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT, Settings, get_settings

# What takes longest begins first, so that the workers of `make test JOBS=2` end at about the same time.
_LONG = ("tests/e2e/test_daily_run.py", "tests/exports/test_channel_wall.py", "tests/dbt/test_unit_tests.py")


def pytest_configure() -> None:
    """Whoever runs the tests may have settings of their own; only what limits the machine holds here too."""
    for name in [name for name in os.environ if name.startswith("GLIFE_")]:
        if name not in ("GLIFE_SHARED", "GLIFE_MEMORY_LIMIT", "GLIFE_THREADS"):
            del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that read the shared generation run in one worker, which makes it once; all others stay with their file."""
    for item in items:
        is_shared = "shared_generation" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("shared_generation" if is_shared else item.location[0]))
    order = {path: place for place, path in enumerate(_LONG, 1)}
    items.sort(key=lambda i: 0 if "shared_generation" in getattr(i, "fixturenames", ()) else order.get(i.location[0], 9))


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
