"""``glife explain``: what it says of customers of the shared deliveries, checked against the delivered files themselves."""

from __future__ import annotations

import gzip
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from identity import explanation
from warehouse import cli

if TYPE_CHECKING:
    from generations import SharedGeneration


@pytest.fixture
def restricted(shared_generation: SharedGeneration, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy, since one process cannot open a file twice under different settings, and the command opens it too."""
    copy = shutil.copy(shared_generation.folder / "restricted.duckdb", tmp_path / "restricted.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


def _glife(shared_generation: SharedGeneration, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("GLIFE_HOME", str(shared_generation.settings.home))
    monkeypatch.setenv("GLIFE_KEY_FILE", str(shared_generation.settings.key_file))
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return int(ended.value.code or 0)


def _some_customers(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The largest customer, one of each number of systems, one alone, and one with a probable link."""
    rows = connection.execute(
        "with sizes as (select customer_id, count(distinct source_system) as systems, count(*) as records "
        "from mart.customer_source group by customer_id) "
        "select min(customer_id) from sizes group by systems union select max_by(customer_id, records) from sizes "
        "union select min(customer_id) from mart.probable_link"
    ).fetchall()
    return [customer_id for (customer_id,) in rows]


def test_any_customer_is_explained_with_all_its_records_values_and_tiers(restricted: duckdb.DuckDBPyConnection) -> None:
    customers = _some_customers(restricted)
    assert len(customers) > 5
    for customer_id in customers:
        found = explanation.explain_customer(restricted, customer_id)
        expected = restricted.execute(
            "select list(source_system || ':' || source_record_id) from mart.customer_source where customer_id = ?", [customer_id]
        ).fetchone()
        assert expected and {record["record_key"] for record in found.records} == set(expected[0])
        assert all(record["origins"] for record in found.records)
        assert all(value["origin"] and value["record_key"] in expected[0] for value in found.values)
        assert {"ALL"} <= {tier["scope"] for tier in found.tiers}
        tied = {key for link in found.links for key in (link.record_a, link.record_b)}
        assert tied == (set(expected[0]) if len(expected[0]) > 1 else set())
        needed = [{link.record_a, link.record_b} for link in found.links if link.is_needed]
        assert len(needed) == len(expected[0]) - 1
        assert set().union(*needed) == tied


def test_file_and_line_are_where_the_record_was_delivered(
    shared_generation: SharedGeneration, restricted: duckdb.DuckDBPyConnection
) -> None:
    (customer_id,) = restricted.execute(
        "select min(customer_id) from mart.customer_source where source_system = 'core_life'"
    ).fetchall()[0]
    found = explanation.explain_customer(restricted, customer_id)
    record = next(record for record in found.records if record["record_key"].startswith("core_life:"))
    name, day, line = re.fullmatch(r"(.+) of (.+), line (\d+)", record["origins"][0]).groups()
    folders = sorted((shared_generation.deliveries / "core_life").glob(f"{day}*"))
    files = [gzip.decompress((folder / name).read_bytes()).decode("utf-8") for folder in folders]
    starts = [content.split("\n")[int(line) - 1] for content in files]
    assert any(start.startswith(record["record_key"].removeprefix("core_life:") + ",") for start in starts)


def test_what_is_compared_is_what_the_records_say(restricted: duckdb.DuckDBPyConnection) -> None:
    said = 0
    for customer in _some_customers(restricted):
        found = explanation.explain_customer(restricted, customer)
        names = {record["record_key"]: record["name"] for record in found.records}
        for link in found.links:
            for part in (part for part in link.parts if part.label.startswith("name: ")):
                assert part.values == (names[link.record_a], names[link.record_b])
                said += 1
    assert said > 5


def test_parts_of_the_evidence_add_up_to_the_measured_probability(restricted: duckdb.DuckDBPyConnection) -> None:
    links = [
        link for customer in _some_customers(restricted) for link in explanation.explain_customer(restricted, customer).links
    ]
    measured = [link for link in links if link.probability and link.probability < 1]
    assert measured
    for link in measured:
        odds = math.log2(link.probability / (1 - link.probability))
        assert sum(part.bits for part in link.parts) == pytest.approx(odds)
        assert link.parts[-1].total == pytest.approx(odds)


@pytest.mark.parametrize(
    ("of_two", "verdict"),
    [
        ("l.rule = 'SAME_ID' and a.customer_id = b.customer_id", "one customer's by SAME_ID"),
        ("l.rule = 'VETO_ID' and a.customer_id <> b.customer_id", "their valid ID numbers differ"),
    ],
)
def test_pair_says_why_or_why_not(restricted: duckdb.DuckDBPyConnection, of_two: str, verdict: str) -> None:
    (pair,) = restricted.execute(
        "select pa.record_key, pb.record_key from identity.int_identity__pair as l "
        "join identity.int_identity__person_record as pa on l.record_a = pa.record_no "
        "join identity.int_identity__person_record as pb on l.record_b = pb.record_no "
        "join identity.int_identity__customer_record as a on pa.record_key = a.record_key "
        "join identity.int_identity__customer_record as b on pb.record_key = b.record_key "
        f"where {of_two} order by all limit 1"
    ).fetchall()
    for first, second in (pair, reversed(pair)):
        found = explanation.explain_pair(restricted, first, second)
        assert verdict in found.verdict
        assert found.met_by


def test_stewards_decision_is_the_reason_given(restricted: duckdb.DuckDBPyConnection) -> None:
    decided = restricted.execute(
        "select record_key_a, record_key_b, decision_id from core.steward_decision where effect = 'IN_FORCE'"
    ).fetchall()
    assert decided
    for first, second, decision_id in decided:
        assert decision_id in explanation.explain_pair(restricted, first, second).verdict


def test_page_holds_a_chart_and_calls_nothing_from_elsewhere(
    shared_generation: SharedGeneration, restricted: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (customer_id,) = restricted.execute("select max_by(customer_id, records) from core.customer").fetchall()[0]
    page = tmp_path / "customer.html"
    assert _glife(shared_generation, monkeypatch, "explain", customer_id, "--html", str(page)) == 0
    text = page.read_text(encoding="utf-8")
    links = explanation.explain_customer(restricted, customer_id).links
    assert text.count('<table class="chart">') == len(links) > 0
    assert text.count("<rect") == sum(len(link.parts) for link in links)
    assert not re.search(r"https?:|<script|<link|src=|@import|url\(", text)
    assert page.stat().st_mode & 0o077 == 0


def test_unknown_customer_and_unknown_record_are_one_sentence(
    shared_generation: SharedGeneration, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _glife(shared_generation, monkeypatch, "explain", "nobody") == 1
    assert capsys.readouterr().err.strip().count("\n") == 0
    assert _glife(shared_generation, monkeypatch, "explain", "--pair", "core_life:none", "crm:card:none") == 1
    assert "core_life:none" in capsys.readouterr().err
    assert _glife(shared_generation, monkeypatch, "explain") == 2


def test_erased_person_is_not_explained(restricted: duckdb.DuckDBPyConnection) -> None:
    erased = restricted.execute("select record_key from identity.int_identity__erased_record order by all").fetchall()
    assert erased
    (other,) = restricted.execute("select min(record_key) from identity.int_identity__customer_record").fetchall()[0]
    for (record_key,) in erased:
        with pytest.raises(explanation.GlifeError, match="has no record"):
            explanation.explain_pair(restricted, record_key, other)
