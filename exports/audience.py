"""The declaration of one channel's lists: ``audiences/<channel>.yaml``, checked when it is read.

A declaration says who receives, whom each recipient serves, which columns leave in which order, the files, the mode
and the guards. The exporter has no knowledge of a channel of its own.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse.errors import GlifeError

DECLARATIONS = Path(__file__).parent / "audiences"
CHANNELS = ("individual", "broker", "banca", "wechat", "crm")


Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Declared):
    """One column of a list: its published name, what people read above it, what it means, and what it is made of."""

    name: str
    of: tuple[str, ...] = Field((), description="columns of dbt models, model.column; none = the export's own")
    title: str
    meaning: str
    width: int = Field(default=14, ge=4, le=120)


class ListFile(_Declared):
    """One data file of a package; ``{as_of}`` in the name becomes YYYYMMDD."""

    name: str
    format: Literal["xlsx", "csv", "dat", "jsonl"]

    def file_name(self, as_of: date) -> str:
        return self.name.format(as_of=f"{as_of:%Y%m%d}")


class Guards(_Declared):
    """How far a list may move before it is held, as shares of the lines that a recipient holds."""

    moved_share: float = Field(default=0.3, gt=0, description="lines whose tier changed")
    removed_share: float = Field(default=0.2, gt=0, description="lines that left")
    grown_share: float = Field(default=1.0, gt=0, description="lines that came")
    size_share: float = Field(default=0.5, gt=0, description="customers more or fewer than on the list sent before")
    smallest_list: int = Field(default=50, ge=1, description="a share of fewer lines than this says nothing")


class Audience(_Declared):
    """Who gets what on one channel."""

    channel: str
    title: str
    recipients: str = Field(description="SQL: recipient, name")
    list: Literal["tier_list", "tag_sync", "profile"] = Field(description="the SQL file that makes the lines")
    owns_policies: str = Field(
        "", description="SQL: recipient, source_system, policy_no; holders of those not cancelled are served"
    )
    serves_records: str = Field(default="", description="SQL: recipient, record_key")
    serves_everybody: bool = False
    sources: tuple[str, ...] = Field((), description="source systems whose delay its recipients may be told of")
    tier_scope: Literal["company", "own"] = "company"
    product_channel: str = Field(default="", description="code in product.channels of what it may sell")
    columns: tuple[Column, ...]
    files: tuple[ListFile, ...]
    mode: Literal["full", "delta"] = "full"
    encryption: Literal["none", "openpgp"] = "none"
    guards: Guards = Guards()
    weekdays: tuple[Weekday, ...] = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    answer_within_days: int = Field(3, ge=1, description="an answer later than this is asked for in the run report")

    def is_due(self, as_of: date) -> bool:
        """Whether a list describing ``as_of`` is sent on this channel's schedule."""
        return as_of.strftime("%a").upper() in self.weekdays


@cache
def load_audience(channel: str) -> Audience:
    """The declaration of ``channel``; raises GlifeError for an unknown channel or a wrong declaration."""
    path = DECLARATIONS / f"{channel}.yaml"
    if channel not in CHANNELS or not path.is_file():
        raise GlifeError(f"there is no channel {channel!r}", "export", f"choose one of {', '.join(CHANNELS)}")
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(declared.get("columns"), str):  # channels that share a list share its columns
            shared = DECLARATIONS / "columns" / f"{declared['columns']}.yaml"
            declared["columns"] = yaml.safe_load(shared.read_text(encoding="utf-8"))
        return Audience.model_validate(declared)
    except (ValidationError, yaml.YAMLError) as error:
        raise GlifeError(f"the audience declaration is wrong: {error}", str(path)) from None
