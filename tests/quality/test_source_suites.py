"""The source suites on a small hand-made lake: what is compared with what, and what warns or holds."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from quality import profile, suites, validation

Deliveries = list[tuple[str, bool, int, str, str]]  # business date, full?, rows, sex of all, mobile of all

_USUAL: Deliveries = [("2026-01-31", True, 1000, "M", "x"), ("2026-02-28", True, 1000, "M", "x")]


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(
        """
        create schema lake;
        create table lake.core_life__client (
            client_id text, sex text, mobile text, _scope text, _business_date date, _is_full boolean);
        create table lake.full_load (table_name text, _scope text, business_date date);
        create table lake.load (
            source_system text, business_date date, file_name text,
            rows_read bigint, rows_quarantined bigint, status text);
        """
    )
    yield connection
    connection.close()


def _deliver(lake: duckdb.DuckDBPyConnection, deliveries: Deliveries) -> None:
    for day, is_full, rows, sex, mobile in deliveries:
        lake.execute(
            "insert into lake.core_life__client "
            "select 'C' || range, nullif(?, ''), nullif(?, ''), 'core_life', ?, ? from range(?)",
            [sex, mobile, day, is_full, rows],
        )
        if is_full:
            lake.execute("insert into lake.full_load values ('core_life__client', 'core_life', ?)", [day])


def _failed(lake: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Failed metrics and how bad; a held one warns as well."""
    profile.build(lake)
    metrics = suites.load("source")
    results = validation.expect(metrics, validation.measure(lake, metrics))
    return {check.metric: check.severity for check in results if not check.success}


def _then(rows: int, mobile: str = "x", is_full: bool = True) -> Deliveries:
    return [*_USUAL, ("2026-03-31", is_full, rows, "M", mobile)]


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        pytest.param([], {}, id="never delivered"),
        pytest.param(_USUAL[:1], {}, id="first delivery has nothing to be compared with"),
        pytest.param(_USUAL, {}, id="as usual"),
        pytest.param(_then(790), {"lost_share_of_full": "warn"}, id="lost a fifth"),
        pytest.param(_then(490), {"lost_share_of_full": "warn", "lost_share_of_core": "hold"}, id="lost half"),
        pytest.param(_then(0), {"lost_share_of_full": "warn", "lost_share_of_core": "hold"}, id="lost everything"),
        pytest.param(_then(2100), {"gained_share_of_full": "warn"}, id="doubled"),
        pytest.param(_then(150, is_full=False), {}, id="a delta is no loss of the full delivery"),
        pytest.param(
            _then(1000, mobile=""), {"column_of_core_gone_empty": "hold", "null_share_change": "warn"}, id="no mobiles any more"
        ),
    ],
)
def test_volumes_and_nulls(lake: duckdb.DuckDBPyConnection, deliveries: Deliveries, expected: dict[str, str]) -> None:
    _deliver(lake, deliveries)
    assert _failed(lake) == expected


def test_delta_is_compared_with_deltas_and_only_warns(lake: duckdb.DuckDBPyConnection) -> None:
    _deliver(lake, [("2026-01-31", True, 9000, "M", "x"), ("2026-02-28", False, 200, "M", "x")])
    _deliver(lake, [("2026-03-31", False, 2500, "M", "x")])
    assert _failed(lake) == {"delta_against_usual": "warn"}


def test_swapped_codes_are_seen(lake: duckdb.DuckDBPyConnection) -> None:
    for day, men in (("2026-01-31", 700), ("2026-02-28", 700), ("2026-03-31", 300)):
        _deliver(lake, [(day, True, men, "M", "x"), (day, True, 1000 - men, "F", "x")])
    assert _failed(lake) == {"code_mix_distance": "warn"}


def test_codes_turned_over_hold_the_core(lake: duckdb.DuckDBPyConnection) -> None:
    for day, sex in (("2026-01-31", "M"), ("2026-02-28", "M"), ("2026-03-31", "F")):
        _deliver(lake, [(day, True, 1000, sex, "x")])
    assert _failed(lake) == {"code_mix_distance": "warn", "code_mix_distance_of_core": "hold"}


_SOME, _MOST = {"quarantined_share": "warn"}, {"quarantined_share": "warn", "quarantined_share_of_core": "hold"}


@pytest.mark.parametrize(
    ("source", "quarantined", "expected"),
    [("core_life", 2, {}), ("core_life", 300, _SOME), ("core_life", 600, _MOST), ("channel_broker", 600, _SOME)],
)
def test_quarantined_share_of_newest_delivery(
    lake: duckdb.DuckDBPyConnection, source: str, quarantined: int, expected: dict[str, str]
) -> None:
    """Only a core system holds the run: one partner's bad workbook must not keep the lists from everybody else."""
    for day, bad in (("2026-01-31", 900), ("2026-02-28", quarantined)):
        lake.execute("insert into lake.load values (?, ?, 'client.csv.gz', 1000, ?, 'LOADED')", [source, day, bad])
    assert _failed(lake) == expected


def test_refusals_count_only_after_the_last_good_delivery(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute(
        """
        insert into lake.load values
            ('crm', '2026-01-31', null, null, null, 'REJECTED'),
            ('crm', '2026-02-28', 'cards.jsonl', 10, 0, 'LOADED'),
            ('core_banca', '2026-01-31', 'CUST.dat', 10, 0, 'LOADED'),
            ('core_banca', '2026-02-28', null, null, null, 'REJECTED')
        """
    )
    assert _failed(lake) == {"refused_since_last_good": "warn"}
