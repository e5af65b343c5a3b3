"""What several test packages share: one published generation of the shared deliveries, made once a session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from generations import SharedGeneration, publish_generation

from warehouse.settings import PROJECT_ROOT

# What takes longest begins first, so that the workers of `make test` end at about the same time.
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
