"""An explanation as one HTML page: no scripts, nothing loaded from elsewhere, a waterfall chart for each link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from identity.explanation import GUARDS, CustomerExplanation, Link, PairExplanation, Part
from identity.explanation_text import contactability, id_kind, surely_of

_TEMPLATE = Path(__file__).with_name("explanation.html.j2")
_CHART_WIDTH = 300
_CHOSEN_BY = {
    "VALID_ID": "a valid ID number beats any other",
    "NEWEST_DAY": "changed on the newest day",
    "SOURCE_ORDER": "of that day, the first source in order",
    "RECORD_ID": "of that source, the greater record id",
    "ONLY_RECORD": "only record that has one",
}


@dataclass(frozen=True)
class Bar:
    """One part of the evidence, placed in the chart."""

    part: Part
    x: float
    width: float
    is_for: bool


@dataclass(frozen=True)
class Waterfall:
    """A chart of one link: each bar starts where the one above it ended."""

    link: Link
    bars: list[Bar]
    zero: float
    width: int = _CHART_WIDTH


def customer_page(explanation: CustomerExplanation) -> str:
    """The page of a customer."""
    return _page(
        title=f"Customer {explanation.customer['customer_id']}",
        of=explanation,
        customer=explanation.customer,
        contactable=contactability(explanation.customer),
        systems=len({record["record_key"].split(":")[0] for record in explanation.records}),
        needed=[waterfall(link) for link in explanation.links if link.is_needed],
        further=[waterfall(link) for link in explanation.links if not link.is_needed],
    )


def pair_page(explanation: PairExplanation) -> str:
    """The page of two records."""
    links = explanation.path or ([explanation.link] if explanation.link else [])
    return _page(
        title=" and ".join(record["record_key"] for record in explanation.records),
        of=explanation,
        verdict=explanation.verdict,
        needed=[waterfall(link) for link in links],
        further=[],
    )


def waterfall(link: Link) -> Waterfall:
    """Place the parts of a link side by side on one scale that holds zero and every step."""
    ends = [part.total for part in link.parts] + [part.total - part.bits for part in link.parts] + [0.0]
    low, high = min(ends), max(ends)
    scale = _CHART_WIDTH / ((high - low) or 1.0)

    def x(bits: float) -> float:
        return round((bits - low) * scale, 1)

    bars = [
        Bar(
            part=part,
            x=min(x(part.total - part.bits), x(part.total)),
            width=max(round(abs(part.bits) * scale, 1), 1.0),
            is_for=part.bits >= 0,
        )
        for part in link.parts
    ]
    return Waterfall(link, bars, x(0.0))


def _page(**content: Any) -> str:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"surely": surely_of, "document": id_kind, "chosen": lambda how: _CHOSEN_BY.get(how, how)}
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(content, guards=GUARDS)
