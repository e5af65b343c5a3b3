"""``glife identity rehearse``: what other rules would change, and that nothing else is changed by asking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from identity import rehearsal
from warehouse.errors import GlifeError

if TYPE_CHECKING:
    from generations import SharedGeneration

_WHO = """
create schema {db}.identity; create schema {db}.mart; create schema {db}.core;
create table {db}.identity.int_identity__customer_record as from (values {who}) as rows (record_key, customer_id);
create table {db}.identity.int_identity__person_record as
from (values ('a', 1), ('b', 2), ('c', 3), ('d', 4)) as rows (record_key, record_no);
create table {db}.identity.int_identity__link as from (values {links}) as rows (record_a, record_b, rule);
create table {db}.mart.probable_link as select 1 as one;
create table {db}.core.probable_link as select unnest([1, 2]) as one;
"""


def test_pairs_gained_and_lost_and_customers_merged_and_split() -> None:
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as before")
    connection.execute(_WHO.format(db="before", who="('a', 'x'), ('b', 'x'), ('c', 'y'), ('d', 'z')", links="(1, 2, 'NAME')"))
    connection.execute(_WHO.format(db="memory", who="('a', 'x'), ('b', 'b'), ('c', 'y'), ('d', 'y')", links="(3, 4, 'MOBILE')"))
    found = rehearsal.compare(connection, "g", 5)
    assert (found.customers, found.probable_links) == ((3, 3), (1, 2))
    assert (found.gained, found.lost, found.merged, found.split) == (1, 1, 1, 1)
    assert found.gained_examples == [("c", "d", "MOBILE")]
    assert found.lost_examples == [("a", "b", "NAME")]
    assert found.links_by_rule == [("MOBILE", 0, 1), ("NAME", 1, 0)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("rules: {NAME_MOBILE: 1.5}", "rules.NAME_MOBILE"),
        ("rule: {NAME_MOBILE: 0.5}", "rule"),
        ("parameters: [link_at]", "parameters"),
        ("{", "YAML"),
    ],
)
def test_file_that_asks_for_nothing_known_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "try.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(GlifeError, match=says):
        rehearsal.read_change(tmp_path / "try.yaml")
    with pytest.raises(GlifeError, match="cannot be read"):
        rehearsal.read_change(tmp_path / "absent.yaml")


def test_name_that_no_seed_has_is_refused() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create schema reference; create table reference.identity_parameter as select 'link_at' as parameter, 0.9 as value;"
        "create table reference.identity_evidence as select 'SAME_ID' as rule, 0.9 as probability"
    )
    rehearsal.apply(connection, rehearsal.Change(parameters={"link_at": 0.5}, rules={"SAME_ID": 0.0}))
    assert connection.sql("select value from reference.identity_parameter").fetchone() == (0.5,)
    with pytest.raises(GlifeError, match=r"no rule SAME_IDS.*near to it are SAME_ID"):
        rehearsal.apply(connection, rehearsal.Change(rules={"SAME_IDS": 0.5}))


@pytest.mark.slow
def test_rehearsal_of_the_same_rules_changes_nothing_and_of_a_rule_less_loses_pairs(shared_generation: SharedGeneration) -> None:
    settings = shared_generation.settings
    files = {path: path.read_bytes() for path in shared_generation.folder.glob("*")}
    same = rehearsal.rehearse(settings, rehearsal.Change(), 3)
    assert (same.gained, same.lost, same.merged, same.split) == (0, 0, 0, 0)
    assert same.customers[0] == same.customers[1] > 0
    less = rehearsal.rehearse(settings, rehearsal.Change(rules={"NAME_MOBILE": 0.0}), 3)
    assert less.lost > 0
    assert less.split > 0
    assert less.customers[1] > less.customers[0]
    assert {path: path.read_bytes() for path in shared_generation.folder.glob("*")} == files
    assert not list((settings.home / "tmp").glob("rehearsal-*"))
