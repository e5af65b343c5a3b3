"""What the processes of dbt in one run share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from generations import SharedGeneration

from warehouse import build, publish
from warehouse.errors import GlifeError


def test_dbt_parses_the_project_once_for_all_layers_of_both_builds(shared_generation: SharedGeneration) -> None:
    logs = "".join(path.read_text(encoding="utf-8") for path in (shared_generation.settings.log_dir / "dbt").glob("dbt.log*"))
    assert logs.count("Unable to do partial parsing") == 1
    assert logs.count("skipping partial parsing") == 4


def test_build_that_another_program_began_is_not_gone_on_with(shared_generation: SharedGeneration) -> None:
    settings = shared_generation.settings
    plan = replace(build.newest_plan(settings), code_version="0.0.1+000000000000", generation_id="20260430-000000000000")
    with pytest.raises(GlifeError, match=r"the program was changed from 0\.0\.1"):
        build.run_layer(settings, plan, "marts")
    build.build_file(settings, plan).with_suffix(".gate.json").write_text('{"passed": true}')
    with pytest.raises(GlifeError, match="start again"):
        publish.publish(settings, plan)
    build.build_file(settings, plan).with_suffix(".gate.json").unlink()
