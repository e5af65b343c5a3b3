"""Parameter tables: wrong ones are refused before a build with file, row and reason; what Excel does to a file is forgiven."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse import parameters
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.settings import PROJECT_ROOT, get_settings

_DEFAULTS = PROJECT_ROOT / "dbt_project" / "seeds" / "parameters"


def edited(folder: Path, table: str, old: str, new: str) -> Path:
    """A folder with one table in which the business changed something."""
    folder.mkdir(exist_ok=True)
    text = (_DEFAULTS / f"{table}.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_the_projects_own_tables_are_right() -> None:
    assert {"tier_band", "partner_coefficient", "identity_parameter"} <= parameters.check().keys()


@pytest.mark.parametrize(
    ("table", "old", "new", "row", "reason"),
    [
        ("tier_band", "c_ape,5000,10000", "c_ape,6000,10000", 4, "a gap"),
        ("tier_band", "c_ape,5000,10000", "c_ape,4000,10000", 4, "an overlap"),
        ("tier_band", "c_ape,,2000", "c_ape,0,2000", 2, "open below"),
        ("tier_band", "c_ape,100000,,", "c_ape,100000,900000,", 7, "open above"),
        ("tier_band", "c_years,,5,0,2000-01-01,\nc_years,5,,5,2000-01-01,\n", "", 25, "part c_years on 2000-01-01"),
        ("tier_band", "c_ape,5000,10000,30", "c_ape,5000,10000,30.5", 4, "no integer"),
        ("partner_coefficient", "platform,0.35", "platform,0.36", 5, "adds up to 1.0100"),
        ("partner_coefficient", "platform,0.35,2000-01-01,", "platform,0.35,2000-01-01,2026-01-01", 5, "on 2026-01-01"),
        ("partner_coefficient", "density,", "platform,0.35,2026-01-01,\ndensity,", 5, "their dates overlap"),
        ("partner_coefficient", "platform,0.35", "platfrom,0.35", 2, "'platfrom' is unknown"),
        ("tier_rule", "2000-01-01", "2000-02-30", 2, "no date"),
        ("tier_rule", "S1_KEY", "S9_KEY", 2, "'S9_KEY' is unknown"),
        ("tier_strategy", "S|A,", "S|Z,", 2, "'Z' is unknown"),
        ("partner_grade", "EXIT", "LEAVE", 5, "'LEAVE' is unknown"),
        ("vip_level", "2000-01-01,", "2000-01-01,1999-01-01", 2, "valid_to is not after valid_from"),
    ],
)
def test_wrong_table_is_refused_with_row_and_reason(
    tmp_path: Path, table: str, old: str, new: str, row: int, reason: str
) -> None:
    with pytest.raises(GlifeError) as refusal:
        parameters.check(edited(tmp_path / "own", table, old, new))
    assert f"{table}.csv, row {row}: " in str(refusal.value)
    assert reason in str(refusal.value)


def test_missing_column_and_unknown_table_are_named(tmp_path: Path) -> None:
    with pytest.raises(GlifeError, match="column points is missing"):
        parameters.check(edited(tmp_path / "own", "tier_band", ",points,", ",punkte,"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tier_bands.csv").write_text("part\n", encoding="utf-8")
    with pytest.raises(GlifeError, match="no parameter table tier_bands"):
        parameters.check(tmp_path / "other")


def test_what_excel_leaves_in_a_file_changes_nothing(tmp_path: Path) -> None:
    lines = (_DEFAULTS / "tier_band.csv").read_text(encoding="utf-8").replace("2000-01-01", "2000/1/1").splitlines()
    (tmp_path / "tier_band.csv").write_bytes(b"\xef\xbb\xbf" + "".join(f"{line} \r\n" for line in [*lines, ",,,,,"]).encode())
    own, default = parameters.check(tmp_path)["tier_band"], parameters.check()["tier_band"]
    assert own.equals(default)


def test_version_follows_the_tables_that_hold(tmp_path: Path) -> None:
    same = tmp_path / "same"
    shutil.copytree(_DEFAULTS, same, ignore=shutil.ignore_patterns("*.yml"))
    assert parameters.version(same) == parameters.version(None)
    assert parameters.version(edited(tmp_path / "own", "tier_band", "2000,5", "2000,6")) != parameters.version(None)


def test_tables_are_loaded_with_their_declared_types(tmp_path: Path) -> None:
    settings = get_settings(home=tmp_path)
    with connect(":memory:", settings) as connection:
        parameters.load(connection, parameters.check())
        kinds = connection.execute(
            "select column_name, data_type from duckdb_columns() where table_name = 'tier_band' order by column_index"
        ).fetchall()
    assert dict(kinds) == {
        "part": "VARCHAR",
        "lower_bound": "DECIMAL(30,12)",
        "upper_bound": "DECIMAL(30,12)",
        "points": "INTEGER",
        "valid_from": "DATE",
        "valid_to": "DATE",
    }
