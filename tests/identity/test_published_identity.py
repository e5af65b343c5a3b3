"""The tables of identity beside `customer`, as published: they agree with each other and show analysts no identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from generations import SharedGeneration

# Statements that count what must not be; each must be true of something, or it proves nothing.
_NEVER = {
    "value that is not the customer's": """
        select count(*) from mart.customer_value as golden join mart.customer using (customer_id)
        where value is distinct from case attribute
            when 'name' then name when 'mobile' then mobile when 'id_number' then id_number
            when 'birth_date' then birth_date::text when 'sex' then customer.sex else value end
    """,
    "value of a record that is not the customer's": """
        select count(*) from mart.customer_value
        anti join mart.customer_source using (customer_id, source_system, source_record_id)
    """,
    "pair of one customer in the queue": "select count(*) from mart.steward_queue where customer_id_a = customer_id_b",
    "pair in the queue that a steward decided": """
        select count(*) from mart.steward_queue as queue join core.steward_decision as decision
            on (system_a, decision.source_record_id_a, system_b, decision.source_record_id_b) in (
                (source_system_a, queue.source_record_id_a, source_system_b, queue.source_record_id_b),
                (source_system_b, queue.source_record_id_b, source_system_a, queue.source_record_id_a))
    """,
    "case without a first pair": """
        select count(*) from (
            select min(rank_in_case) as first from mart.steward_queue
            group by least(customer_id_a, customer_id_b), greatest(customer_id_a, customer_id_b))
        where first <> 1
    """,
    "household of one": "select count(*) from (from mart.household select count(*) as n group by household_id) where n < 2",
    "household whose count is wrong": """
        select count(*) from (from mart.household select any_value(members) as members, count(*) as n group by household_id)
        where n <> members
    """,
    "two values of one tag": """
        select count(*) from (select count(distinct value) as n from mart.customer_tag group by customer_id, tag) where n > 1
    """,
    "customer without a count in the audit": """
        select (select count(*) from mart.customer) - sum(numerator) from mart.identity_audit
        where metric = 'CUSTOMERS_BY_RECORDS'
    """,
    "record without a delivered row": """
        select count(*) from mart.customer_source anti join mart.record_origin using (source_system, source_record_id)
    """,
}
_TABLES = (
    "customer_value",
    "customer_completeness",
    "customer_tag",
    "household",
    "steward_queue",
    "identity_audit",
    "record_origin",
)


@pytest.fixture
def restricted(shared_generation: SharedGeneration) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(shared_generation.folder / "restricted.duckdb"), read_only=True)


@pytest.mark.parametrize("what", _NEVER)
def test_there_is_no(restricted: duckdb.DuckDBPyConnection, what: str) -> None:
    assert restricted.execute(_NEVER[what]).fetchone() == (0,)


@pytest.mark.parametrize("table", _TABLES)
def test_shared_deliveries_give_each_table_something_to_say(restricted: duckdb.DuckDBPyConnection, table: str) -> None:
    (rows,) = restricted.execute(f"select count(*) from mart.{table}").fetchall()[0]
    assert rows > 0


def test_analysts_see_pseudonyms_of_records_that_identify_a_person(
    shared_generation: SharedGeneration, restricted: duckdb.DuckDBPyConnection
) -> None:
    restricted.execute(f"attach '{shared_generation.folder / 'analyst.duckdb'}' as analyst (read_only)")
    sides = [
        ("steward_queue", "_a"),
        ("steward_queue", "_b"),
        ("customer_value", ""),
        ("record_origin", ""),
        ("customer_tag", ""),
    ]
    for table, side in sides:
        leaked = f"""
            select count(*), (select count(*) from analyst.mart.{table} where starts_with(source_system{side}, 'wechat_'))
            from analyst.mart.{table} as open join mart.customer_source as known
                on open.source_system{side} = known.source_system and open.source_record_id{side} = known.source_record_id
            where starts_with(known.source_system, 'wechat_') or starts_with(known.source_record_id, 'tag:')
        """
        assert restricted.execute(leaked).fetchall()[0][0] == 0
        assert restricted.execute(leaked).fetchall()[0][1] > 0
    hidden = restricted.execute(
        "select count(*) from duckdb_columns() "
        "where database_name = 'analyst' and table_name in ('steward_queue', 'customer_value') "
        "and regexp_matches(column_name, '^(name|id_number|mobile|email|address|birth_date|value)(_[ab])?$')"
    ).fetchone()
    assert hidden == (0,)


def test_erased_persons_are_in_no_table_of_identity_but_as_keys_to_leave_out(restricted: duckdb.DuckDBPyConnection) -> None:
    erased = "select record_key from identity.int_identity__erased_record"
    assert restricted.execute(f"select count(*) from ({erased})").fetchall()[0][0] > 0
    tables = restricted.execute(
        "select table_name from duckdb_columns() where schema_name = 'identity' and column_name = 'record_key' "
        "and table_name <> 'int_identity__erased_record'"
    ).fetchall()
    assert tables
    for (table,) in tables:
        assert restricted.execute(f"select count(*) from identity.{table} where record_key in ({erased})").fetchone() == (0,), (
            table
        )
    paired = "select count(*) from identity.int_identity__pair where record_a not in (from known) or record_b not in (from known)"
    restricted.execute("create temp table known as select record_no from identity.int_identity__standard_record")
    assert restricted.execute(paired).fetchone() == (0,)
