"""The lake's side of lake = marts: the current state, computed without dbt's models.

A second opinion is worth something only when it is not the same code, so this states the rule plainly (sources.md §1)
for the four tables that carry money and leaves pruning and everything else to the models.
"""

from __future__ import annotations

import duckdb

_PAY_MODES = "map {'0': 'SINGLE', '12': 'ANNUAL', '6': 'SEMI', '3': 'QUARTERLY', '1': 'MONTHLY'}"


def attach(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary views ``current_policy`` and ``current_instalment`` over both core systems, in yuan."""
    connection.execute(
        f"""
        create temp view current_policy as
        select _source_system, policy_no, pay_mode, modal_premium
        from ({_current("core_life__policy")}) where is_deleted is distinct from 'Y'
        union all
        select _source_system, policy_no, {_PAY_MODES}[pay_mode], (premium * 0.01)::decimal(18, 2)
        from ({_current("core_banca__poly")})
        """
    )
    connection.execute(
        f"""
        create temp view current_instalment as
        select _source_system, policy_no, instalment_no, amount_due, amount_paid
        from ({_current("core_life__premium_due")}) where is_deleted is distinct from 'Y'
        union all
        select
            _source_system, policy_no, instalment_no,
            (amount_due * 0.01)::decimal(18, 2), (amount_paid * 0.01)::decimal(18, 2)
        from ({_current("core_banca__prem")})
        """
    )


def _current(table: str) -> str:
    """The newest version of every key, but for keys that a later full delivery neither held nor quarantined."""
    return f"""
        with newest as (
            select * from lake."{table}"
            qualify row_number() over (partition by _scope, _key order by _business_date desc, _line desc) = 1
        ),
        missed as (
            select newest._scope, newest._key, full_load.business_date
            from newest
            join lake.full_load on full_load.table_name = '{table}'
                and full_load._scope = newest._scope and full_load.business_date > newest._business_date
        ),
        gone as (
            from missed
            anti join (from lake.quarantine where table_name = '{table}') using (_scope, _key, business_date)
        )
        from newest anti join gone using (_scope, _key)
    """
