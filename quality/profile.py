"""The profile of what the sources delivered: the small tables that the source suites' SQL reads.

    profile.volume      (table_name, scope, is_full, business_date, row_count, age)   rows of one delivery
    profile.null_share  (table_name, column_name, delivery, row_count, null_count)    newest delivery against earlier
    profile.code_share  (table_name, column_name, delivery, code, code_share)  the same, of columns that hold codes

``age`` 1 is the newest delivery of its kind (full or delta) of that table and scope, 2 the one before. ``delivery`` is
``newest``, or ``earlier`` for the accepted deliveries of the same kind before it, at most three. A first delivery has
nothing to be compared with, and a source that never delivered has no rows at all.
"""

from __future__ import annotations

from functools import cache

import duckdb

from warehouse.contract import contracts

_EARLIER_DELIVERIES = 3


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the profile tables from the views of schema ``lake``."""
    columns = _columns(connection)
    connection.execute("create schema profile")
    _profile_volumes(connection, sorted(columns))
    connection.execute(
        """
        create table profile.null_share (
            table_name text, column_name text, delivery text, row_count bigint, null_count bigint);
        create table profile.code_share (
            table_name text, column_name text, delivery text, code text, code_share double);
        """
    )
    for table, names in columns.items():
        _profile_nulls(connection, table, names)
        _profile_codes(connection, table, [name for name in names if (table, name) in _coded()])


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Delivered columns of every contract table; lineage columns begin with an underscore."""
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where schema_name = 'lake' and contains(table_name, '__') and not starts_with(column_name, '_') "
        "group by table_name order by table_name"
    ).fetchall()
    return dict(rows)


@cache
def _coded() -> set[tuple[str, str]]:
    """Columns for which a contract lists the codes; of lists, the mix of single codes says nothing."""
    return {
        (contract.name, column.name)
        for contract in contracts()
        for column in contract.columns
        if column.codes and not column.item_type
    }


def _profile_volumes(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> None:
    """Count the rows of each delivery; a full delivery without a row is a volume of 0, not a gap."""
    counted = " union all ".join(
        f"select '{table}' as table_name, _scope, _business_date, _is_full, count(*) as row_count "
        f'from lake."{table}" group by all'
        for table in tables
    )
    connection.execute(
        f"""
        create table profile.volume as
        with counted as ({counted}),
        delivered as (
            select * from counted
            union all
            select table_name, _scope, business_date, true, 0 from lake.full_load
            where not exists (
                from counted
                where counted.table_name = full_load.table_name and counted._scope = full_load._scope
                    and counted._business_date = full_load.business_date
            )
        )
        select
            table_name,
            _scope as scope,
            _is_full as is_full,
            _business_date as business_date,
            row_count,
            row_number() over (partition by table_name, _scope, _is_full order by _business_date desc) as age
        from delivered
        """
    )


def _compared(table: str) -> str:
    """Rows of the newest delivery of a table and of the earlier ones of the same kind, marked which."""
    return f"""
        select delivered.*, if(volume.business_date = newest.business_date, 'newest', 'earlier') as _delivery
        from lake."{table}" as delivered
        join profile.volume on volume.table_name = '{table}' and volume.scope = delivered._scope
            and volume.is_full = delivered._is_full and volume.business_date = delivered._business_date
        join (
            select scope, max(business_date) as business_date, arg_max(is_full, business_date) as is_full
            from profile.volume where table_name = '{table}' group by scope
        ) as newest on newest.scope = volume.scope and newest.is_full = volume.is_full
        where volume.age <= {1 + _EARLIER_DELIVERIES}
    """


def _profile_nulls(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    """Count the nulls of each column in one pass over the table."""
    counts = ", ".join(f"{{'name': '{name}', 'nulls': count(*) - count(\"{name}\")}}" for name in columns)
    connection.execute(
        f"""
        insert into profile.null_share
        select '{table}', counts.name, _delivery, row_count, counts.nulls
        from (
            select _delivery, count(*) as row_count, unnest([{counts}]) as counts
            from ({_compared(table)}) group by _delivery
        )
        """
    )


def _profile_codes(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> None:
    """Share of each code among the delivered codes of a column."""
    for name in columns:
        connection.execute(
            f"""
            insert into profile.code_share
            select '{table}', '{name}', _delivery, "{name}", count(*) / sum(count(*)) over (partition by _delivery)
            from ({_compared(table)}) where "{name}" is not null group by _delivery, "{name}"
            """
        )
