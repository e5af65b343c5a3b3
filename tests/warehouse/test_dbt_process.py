"""What the processes of dbt in one run share."""

from __future__ import annotations

from generations import SharedGeneration


def test_dbt_parses_the_project_once_for_all_layers_of_both_builds(shared_generation: SharedGeneration) -> None:
    logs = "".join(path.read_text(encoding="utf-8") for path in (shared_generation.settings.log_dir / "dbt").glob("dbt.log*"))
    assert logs.count("Unable to do partial parsing") == 1
    assert logs.count("skipping partial parsing") == 4
