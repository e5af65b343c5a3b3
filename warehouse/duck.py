"""DuckDB connections with the product's limits."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.settings import Settings


def connect(path: Path | str, settings: Settings, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file (or ``:memory:``) with the memory, thread and spill settings, in Shanghai time."""
    spill = settings.home / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        str(path),
        read_only=read_only,
        config={
            "memory_limit": settings.memory_limit,
            "threads": settings.threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": True,
        },
    )
    connection.execute("set TimeZone = 'Asia/Shanghai'")
    return connection
