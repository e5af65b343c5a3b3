"""Which columns may leave: dbt's metadata of the models says it, column by column and channel by channel.

A generation carries that metadata (``columns.json``, written when it is published). A list's column leaves when each
warehouse column it is made of names the channel in ``meta.exports``; silence is not permission. A column that may not
leave stays in its place, empty, since recipients' programs count columns, and the manifest names it under ``withheld``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exports.audience import Audience, Column
from warehouse.errors import GlifeError


def withheld_columns(generation_dir: Path, audience: Audience) -> frozenset[str]:
    """Columns of the audience's lists that may not leave; raises GlifeError when the generation has no metadata."""
    path = generation_dir / "columns.json"
    if not path.is_file():
        raise GlifeError("the generation does not say which columns may leave", str(path), "publish it again: `glife run`")
    rules = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(column.name for column in audience.columns if not _may_leave(rules, audience.channel, column))


def _may_leave(rules: dict[str, dict[str, dict[str, Any]]], channel: str, column: Column) -> bool:
    for source in column.of:
        model, _, name = source.partition(".")
        if channel not in rules.get(model, {}).get(name, {}).get("exports", []):
            return False
    return True
