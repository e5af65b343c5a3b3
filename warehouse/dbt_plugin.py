"""dbt-duckdb plugin: gives each of dbt's connections the function ``glife_hmac`` and Shanghai time."""

from __future__ import annotations

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from warehouse import keys
from warehouse.settings import get_settings


class Plugin(BasePlugin):
    """Registered in ``dbt_project/profiles.yml`` as module ``warehouse.dbt_plugin``."""

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        keys.register(cursor, keys.load_key(get_settings()))
        cursor.execute("set TimeZone = 'Asia/Shanghai'")
