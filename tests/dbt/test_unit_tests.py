"""dbt's unit tests: worked examples of every rule, run on the models themselves."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from warehouse import build

if TYPE_CHECKING:
    from generations import SharedGeneration

_LEAST_EXPECTED = 30  # a wrong selection would run none and pass


def test_every_worked_example_holds(shared_generation: SharedGeneration) -> None:
    """The build only lends the tables' shapes; every input and expectation is in the YAML beside the models."""
    settings = shared_generation.settings
    run = subprocess.run(
        build.dbt_command(["test", "--select", "test_type:unit"]),
        env={**os.environ, **build.dbt_environment(settings, shared_generation.build)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:]
    passed = re.search(r"PASS=(\d+)", run.stdout)
    assert passed and int(passed.group(1)) >= _LEAST_EXPECTED
