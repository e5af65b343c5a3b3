"""What every published table keeps, read from the project's manifest: grain, contract, descriptions, exact money, safe rates."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.build import dbt_target

if TYPE_CHECKING:
    from generations import SharedGeneration

Model = dict[str, Any]

_FEWEST_MARTS = 30  # an empty selection would pass everything
_SMOOTHED = {"identity_comparison"}  # its denominators are counts plus two
_ONE_ROW = {"generation", "agent_concentration"}
_MONEY = re.compile(r"(^|_)(ape|premium|amount|budget|cost|paid|income|price|revenue)(_|$)")
_NO_MONEY = re.compile(r"^(rate|share)_|_(rate|share|ok|value|count|yoy)$|^(is|has)_|policies_per_customer")

# What others read by name: published.md §1, whose columns may become more and never fewer.
_PUBLISHED = {
    "generation": "generation_id as_of built_at code_version parameter_version",
    "customer": "customer_id kind sex birth_year region_code first_seen_on channels is_contactable name birth_date id_number"
    " mobile",
    "customer_source": "source_system source_record_id customer_id match_rule match_score matched_to",
    "probable_link": "source_system source_record_id customer_id probability why",
    "customer_tag": "customer_id tag value source_system source_record_id tagged_at",
    "customer_tier": "customer_id scope as_of tier tier_name rule_id contribution potential parts previous_tier strategy_code",
    "customer_points": "customer_id points_alive",
    "customer_vip": "customer_id vip_level",
    "policy": "source_system policy_no channel branch_code product_code holder_customer_id insured_customer_id agent_code"
    " serving_agent_code partner_code bank_code outlet_code issued_on effective_on status status_on pay_mode annualised_premium"
    " ape is_in_force",
    "persistency_policy": "source_system policy_no month_k anniversary observation_on is_exposed is_persisting"
    " is_persisting_reinstated annualised_premium",
    "persistency": "month_k cohort_month channel branch_code partner_code agent_code bank_code exposed_count persisting_count"
    " exposed_premium persisting_premium rate_count rate_premium rate_reinstated",
    "partner_score": "partner_code period_kind period_end score is_vetoed veto_reason grade verdict "
    + " ".join(
        f"{metric}_{part}"
        for metric in ("platform", "persistency", "contribution", "density")
        for part in ("value", "points", "coefficient")
    ),
    "partner_concentration": "rank partner_code ape share cumulative_share",
    "partner_concentration_answer": "question value",
    "agent_grade": "agent_code as_of is_employed ape active_months persistency has_major_complaint grade",
    "agent_admission": "agent_code as_of entered_on age_ok education_ok experience_ok interviews_ok compliance_ok is_admitted",
    "agent_honour": "agent_code as_of grade change",
    "orphan_policy": "source_system policy_no customer_id from_agent to_agent reason",
    "agent_assignment": "source_system policy_no customer_id from_agent to_agent reason",
    "scorecard": "month channel branch_code new_customers existing_customers add_on_customers add_on_rate satisfaction nps"
    " premium_per_customer policies_per_customer is_open",
    "underwriting_cube": "month branch_code channel product_line sex age_band tier policies ape first_premium lapses surrenders"
    " claims_paid",
    "campaign": "account campaign_code sign_ups followers bound new_holders ape budget cost_per_new_holder median_days",
    "tier_distribution": "channel branch_code tier customers share",
    "tier_move": "from_tier to_tier customers main_cause",
    "load": "source_system business_date revision file_name sha256 rows_read rows_loaded rows_quarantined sums loaded_at status"
    " reason",
    "quarantine": "source_system business_date file_name line_number raw reasons",
}
_RESTRICTED = {"customer.name", "customer.birth_date", "customer.id_number", "customer.mobile", "quarantine.raw"}


@pytest.fixture(scope="module")
def marts(shared_generation: SharedGeneration) -> list[Model]:
    manifest = json.loads((dbt_target(shared_generation.settings) / "manifest.json").read_text(encoding="utf-8"))
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


def test_what_is_published_is_there_for_whom_it_is_meant(marts: list[Model]) -> None:
    audiences = {name: column["meta"].get("audience") for name, column in _columns(marts)}
    published = {f"{table}.{name}" for table, names in _PUBLISHED.items() for name in names.split()}
    assert published - audiences.keys() == set()
    assert {name for name in published if audiences[name] == "restricted"} == _RESTRICTED


def test_a_month_is_a_date(marts: list[Model]) -> None:
    months = {name: column["data_type"] for name, column in _columns(marts) if column["name"].endswith("month")}
    assert len(months) >= 5
    assert {kind.lower() for kind in months.values()} == {"date"}


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
    assert {name for name, found in divided.items() if found} <= _SMOOTHED


def _divisions(code: str) -> list[str]:
    """Divisions by hand: they belong into `ratio` and `money_per`, but for those by a constant or by what becomes null."""
    plain = re.sub(r"--[^\n]*|{#.*?#}", "", code, flags=re.DOTALL).replace("'YEAR'", "YEAR")
    harmless = re.compile(r"/ (\d|nullif\(|case when (\w+\.)?period_kind = YEAR then 4 else 1 end)")
    found = re.findall(r"/[^\n/*]*", re.sub(r"'[^'\n]*'", "''", plain))
    return [text.strip() for text in found if not harmless.match(text)]
