from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from exports_generation import write_generation

from exports.demo_keys import write_demo_keys
from warehouse.settings import Settings, get_settings


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_caller() -> Iterator[None]:
    """Whoever runs the tests may have GLIFE_ variables set: a test must not write into that person's folders."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("GLIFE_") and name != "GLIFE_SHARED"]:
            patched.delenv(name)
        yield


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key pairs of the partners of the hand-made generation."""
    folder = tmp_path_factory.mktemp("keys")
    workbooks = folder / "landing" / "channel_broker" / "2026-01-31"
    workbooks.mkdir(parents=True)
    for code in ("P001", "P002"):
        (workbooks / f"customers_{code}.xlsx").touch()
    assert write_demo_keys(folder / "landing", folder) == ["P001", "P002"]
    return folder


@pytest.fixture
def settings(tmp_path: Path, keys: Path) -> Settings:
    return get_settings(home=tmp_path / "home", recipient_keys=keys, memory_limit="1GiB", threads=2)


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    return write_generation(tmp_path / "generation")
