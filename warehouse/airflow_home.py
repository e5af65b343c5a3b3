"""An Airflow of the product's own, below GLIFE_HOME: it never touches ``~/airflow`` and calls nobody.

``environment`` must be in place before anything imports airflow, which reads it once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.settings import PROJECT_ROOT, Settings, get_settings

DAG_FOLDER = PROJECT_ROOT / "dags"
BUILD_POOL = "build"  # one slot: DuckDB lets a single process write a file


def environment(settings: Settings) -> dict[str, str]:
    """Airflow's settings as environment variables; nothing else configures it."""
    home = settings.home / "airflow"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAG_FOLDER),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "GLIFE_HOME": str(settings.home),
        "GLIFE_LANDING": str(settings.landing),
        "GLIFE_KEY_FILE": str(settings.key_file),
        "GLIFE_QUIET_SECONDS": str(settings.quiet_seconds),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "False",
    }


def prepare(settings: Settings) -> dict[str, str]:
    """Make the Airflow home, its metadata database and the build pool, once; return the environment."""
    variables = environment(settings)
    home = Path(variables["AIRFLOW_HOME"])
    marker = home / ".prepared"
    with lock(home / ".lock", "preparing Airflow"):
        if not marker.exists():
            _airflow(variables, "db", "migrate")
            _airflow(variables, "pools", "set", BUILD_POOL, "1", "one writer of a build file")
            marker.touch()
    return variables


def _airflow(variables: dict[str, str], *arguments: str) -> None:
    program = str(Path(sys.executable).with_name("airflow"))
    process = subprocess.run([program, *arguments], env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        last = (process.stderr.strip() or process.stdout.strip()).splitlines()[-1:]
        raise GlifeError(
            f"airflow {' '.join(arguments[:2])} failed ({' '.join(last)})",
            variables["AIRFLOW_HOME"],
            "free some disk or remove that folder, then run again",
        )


def main() -> None:
    """Run an airflow command in this home (default: the whole of it, page and scheduler) until it ends or is stopped.

    A signal to airflow alone would leave its children running, so all of its process group gets it.
    """
    variables = prepare(get_settings())
    program = str(Path(sys.executable).with_name("airflow"))
    arguments = sys.argv[1:] or ["standalone"]
    process = subprocess.Popen([program, *arguments], env={**os.environ, **variables}, start_new_session=True)

    def stop(*_: object) -> None:
        os.killpg(process.pid, signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    sys.exit(process.wait())


if __name__ == "__main__":
    main()
