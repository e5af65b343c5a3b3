"""Every setting of the product, in one immutable place.

Each has a default, an environment variable ``GLIFE_<NAME>`` and a line in ``glife settings``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import GlifeError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _machine_memory_bytes() -> int:
    """Memory that this process may use: the least of the machine's and its control group's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit_file in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        if limit_file.is_file() and (text := limit_file.read_text().strip()).isdigit():
            machine = min(machine, int(text))
    return machine


class Settings(BaseSettings):
    """Settings as of one moment; pass it on, never keep it in a global."""

    model_config = SettingsConfigDict(env_prefix="GLIFE_", frozen=True, extra="forbid")

    home: Path = Field(PROJECT_ROOT / ".glife", description="lake, builds, generations, outbox, run log")
    landing: Path = Field(Path(), description="where deliveries arrive; default $GLIFE_HOME/landing")
    key_file: Path = Field(Path(), description="key of ids and pseudonyms; default $GLIFE_HOME/secrets/pseudonym.key")
    recipient_keys: Path = Field(Path(), description="recipients' public keys, <channel>/<code>.asc; default $GLIFE_HOME/keys")
    delivery_file: Path = Field(Path(), description="where packages are delivered to; default $GLIFE_HOME/delivery.yaml")
    parameters: Path = Field(Path(), description="folder with the business's own parameter tables; default the project's")
    quiet_seconds: int = Field(60, ge=0, description="how long files without a completion mark must lie unchanged")
    memory_limit: str = Field("", pattern=r"^(\d+(\.\d+)? ?([KMGT]i?B))?$", description="for DuckDB; default three quarters")
    threads: int = Field(0, ge=0, description="for DuckDB; default three quarters of the processors, at least 1")
    keep_generations: int = Field(5, ge=1, description="how many published generations stay on disk")
    late_days: int = Field(7, ge=0, description="a source whose newest delivery is older than this many days is late")

    @model_validator(mode="before")
    @classmethod
    def _fill_derived(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if value not in (None, "")}
        home = Path(given.get("home", PROJECT_ROOT / ".glife")).expanduser().resolve()
        given["home"] = home
        given["landing"] = Path(given.get("landing", home / "landing")).expanduser().resolve()
        given["key_file"] = Path(given.get("key_file", home / "secrets" / "pseudonym.key")).expanduser().resolve()
        given["recipient_keys"] = Path(given.get("recipient_keys", home / "keys")).expanduser().resolve()
        given["delivery_file"] = Path(given.get("delivery_file", home / "delivery.yaml")).expanduser().resolve()
        if "parameters" in given:
            given["parameters"] = Path(given["parameters"]).expanduser().resolve()
        given.setdefault("memory_limit", f"{max(_machine_memory_bytes() * 3 // 4 // 2**20, 256)}MiB")
        given.setdefault("threads", -(-(os.cpu_count() or 1) * 3 // 4))
        return given

    @property
    def lake_dir(self) -> Path:
        return self.home / "lake"

    @property
    def build_dir(self) -> Path:
        return self.home / "build"

    @property
    def generations_dir(self) -> Path:
        return self.home / "generations"

    @property
    def current(self) -> Path:
        return self.home / "current"

    @property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @property
    def log_dir(self) -> Path:
        return self.home / "logs"

    @property
    def quality_dir(self) -> Path:
        return self.home / "quality"


def get_settings(**overrides: Any) -> Settings:
    """Read the environment now; raises GlifeError that lists every wrong setting at once."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(f"GLIFE_{str(e['loc'][0]).upper()} {e['msg'].lower()}" for e in error.errors())
        raise GlifeError(f"settings are wrong: {faults}", "environment", "see `glife settings`") from None
