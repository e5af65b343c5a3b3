"""What every published table keeps, read from the project's manifest: grain, contract, descriptions, exact money, safe rates."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import SharedGeneration

Model = dict[str, Any]

_FEWEST_MARTS = 30  # an empty selection would pass everything
_ONE_ROW = {"generation", "agent_concentration"}
_MONEY = re.compile(r"(^|_)(ape|premium|amount|budget|cost|paid|income|price|revenue)(_|$)")
_NO_MONEY = re.compile(r"^(rate|share)_|_(rate|share|ok|value|count|yoy)$|^(is|has)_|policies_per_customer")


@pytest.fixture(scope="module")
def marts(shared_generation: SharedGeneration) -> list[Model]:
    manifest = json.loads((shared_generation.settings.build_dir / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    tests: dict[str, list[Model]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            tests.setdefault(node["attached_node"], []).append(node["test_metadata"])
    found = [
        {**node, "tests": tests.get(identity, [])}
        for identity, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["schema"] == "mart"
    ]
    assert len(found) >= _FEWEST_MARTS
    return found


def _columns(marts: list[Model]) -> list[tuple[str, Model]]:
    return [(f"{mart['name']}.{column['name']}", column) for mart in marts for column in mart["columns"].values()]


def test_each_says_its_grain_and_tests_it(marts: list[Model]) -> None:
    untold = [mart["name"] for mart in marts if not re.search(r"\bone row\b", mart["description"], re.IGNORECASE)]
    tested = {mart["name"] for mart in marts for test in mart["tests"] if test["name"] == "unique_combination"}
    assert not untold
    assert {mart["name"] for mart in marts} - tested <= _ONE_ROW


def test_each_has_an_enforced_contract_that_names_every_type(marts: list[Model]) -> None:
    assert [mart["name"] for mart in marts if not mart["config"]["contract"]["enforced"]] == []
    assert [name for name, column in _columns(marts) if not column["data_type"]] == []


def test_each_column_is_described_and_says_who_may_see_it(marts: list[Model]) -> None:
    undescribed = [name for name, column in _columns(marts) if len(column["description"].strip()) < 2]
    homeless = [name for name, column in _columns(marts) if column["meta"].get("audience") not in ("analyst", "restricted")]
    assert (undescribed, homeless) == ([], [])


def test_money_is_decimal(marts: list[Model]) -> None:
    money = [
        (name, column["data_type"])
        for name, column in _columns(marts)
        if _MONEY.search(column["name"]) and not _NO_MONEY.search(column["name"])
    ]
    floats = [(name, kind) for name, kind in money if kind.lower() in ("double", "float", "real")]
    assert len(money) >= 15
    assert floats == []


def test_nothing_is_divided_by_what_may_be_zero(marts: list[Model]) -> None:
    assert _divisions("select a / b as rate -- a / c") == ["/ b as rate"]
    assert _divisions("{# a / b #} {{ ratio('a', 'b') }}, 'a / b', a / 4") == []
    divided = {mart["name"]: _divisions(mart["raw_code"]) for mart in marts if mart["language"] == "sql"}
    assert {name: found for name, found in divided.items() if found} == {}


def _divisions(code: str) -> list[str]:
    """Divisions by hand: they belong into `ratio` and `money_per`, but for those by a constant or by what becomes null."""
    plain = re.sub(r"--[^\n]*|{#.*?#}", "", code, flags=re.DOTALL).replace("'YEAR'", "YEAR")
    harmless = re.compile(r"/ (\d|nullif\(|case when (\w+\.)?period_kind = YEAR then 4 else 1 end)")
    found = re.findall(r"/[^\n/*]*", re.sub(r"'[^'\n]*'", "''", plain))
    return [text.strip() for text in found if not harmless.match(text)]
