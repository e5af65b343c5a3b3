"""dbt-duckdb plugin: gives each of dbt's connections the build's file, the function ``glife_hmac`` and Shanghai time."""

from __future__ import annotations

import os
from typing import Any

from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from warehouse import keys
from warehouse.settings import get_settings


class Plugin(BasePlugin):
    """Registered in ``dbt_project/profiles.yml`` as module ``warehouse.dbt_plugin``."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Attach the build's file under the name that the profile gives all of them: what dbt parsed is good for one name."""
        target = os.environ["GLIFE_BUILD_FILE"]
        creds.path, creds.attach = ":memory:", [Attachment(path=target, alias="build")]
        config["temp_directory"] = f"{target}.tmp"

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute("use build")
        keys.register(cursor, keys.load_key(get_settings()))
        cursor.execute("set TimeZone = 'Asia/Shanghai'")
