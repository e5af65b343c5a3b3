from __future__ import annotations

from pathlib import Path

import pytest
from exports_generation import write_generation

from warehouse.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path / "home", memory_limit="1GiB", threads=2)


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    return write_generation(tmp_path / "generation")
