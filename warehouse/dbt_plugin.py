"""dbt-duckdb plugin: gives dbt's connection the function ``glife_hmac`` and Shanghai time."""

from __future__ import annotations

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from warehouse import keys
from warehouse.settings import get_settings


class Plugin(BasePlugin):
    """Registered in ``dbt_project/profiles.yml`` as module ``warehouse.dbt_plugin``."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        keys.register(conn, keys.load_key(get_settings()))
        conn.execute("set TimeZone = 'Asia/Shanghai'")
