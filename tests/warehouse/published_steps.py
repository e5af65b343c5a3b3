"""A restricted file with nothing but the steps that the publication log takes over from a generation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from warehouse import publications
from warehouse.duck import connect
from warehouse.settings import Settings


def write_steps(path: Path, settings: Settings, records: Sequence[tuple[str, str | None]] = ()) -> Path:
    """``records``: core_life records with the customer that each belongs to from now on."""
    with connect(path, settings) as connection:
        connection.execute("create schema core")
        for kind, columns in publications.COLUMNS.items():
            shape = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
            connection.execute(f"create table core.{kind}_step ({shape})")
        for record, customer in records:
            connection.execute("insert into core.record_step values ('core_life', ?, ?, null, null, null)", [record, customer])
    return path
