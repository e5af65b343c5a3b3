"""The run log: one JSON line an event, append-only, without personal data."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
_LOG = logging.getLogger("glife")


def now() -> datetime:
    """The present moment in Shanghai, to the second."""
    return datetime.now(SHANGHAI).replace(microsecond=0)


def log(settings: Settings, event: str, **fields: Any) -> None:
    """Append one event; a single write of one line, so that parallel tasks do not tear each other's."""
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at": now().isoformat(), "event": event, **fields}, ensure_ascii=False, default=str)
    with (settings.log_dir / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    _LOG.info("%s: %s", event, ", ".join(f"{name} {value}" for name, value in fields.items() if value not in (None, "")))
