"""An explanation as one HTML page: no scripts, nothing loaded from elsewhere, a waterfall chart for each link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from identity.explanation import CustomerExplanation, Link, PairExplanation, Part
from identity.explanation_text import customer_lines, pair_lines

_TEMPLATE = Path(__file__).with_name("explanation.html.j2")
_LABEL_WIDTH, _CHART_WIDTH, _ROW_HEIGHT = 400, 480, 24


@dataclass(frozen=True)
class Bar:
    """One part of the evidence, placed in the chart."""

    part: Part
    x: float
    width: float
    y: int
    colour: str


@dataclass(frozen=True)
class Waterfall:
    """A chart of one link: each bar starts where the one above it ended."""

    link: Link
    bars: list[Bar]
    zero: float
    width: int
    height: int


def customer_page(explanation: CustomerExplanation) -> str:
    """The page of a customer."""
    title = f"Customer {explanation.customer['customer_id']}"
    return _page(title, explanation.generation["generation_id"], explanation.links, customer_lines(explanation))


def pair_page(explanation: PairExplanation) -> str:
    """The page of two records."""
    links = explanation.path or ([explanation.link] if explanation.link else [])
    title = " and ".join(record["record_key"] for record in explanation.records)
    return _page(title, explanation.generation["generation_id"], links, pair_lines(explanation))


def waterfall(link: Link) -> Waterfall:
    """Place the parts of a link side by side on one scale that holds zero and every step."""
    ends = [part.total for part in link.parts] + [part.total - part.bits for part in link.parts] + [0.0]
    low, high = min(ends), max(ends)
    scale = _CHART_WIDTH / ((high - low) or 1.0)

    def x(bits: float) -> float:
        return round(_LABEL_WIDTH + (bits - low) * scale, 1)

    bars = [
        Bar(
            part=part,
            x=min(x(part.total - part.bits), x(part.total)),
            width=max(round(abs(part.bits) * scale, 1), 1.0),
            y=number * _ROW_HEIGHT,
            colour="#2e7d4f" if part.bits >= 0 else "#b3402a",
        )
        for number, part in enumerate(link.parts)
    ]
    width = _LABEL_WIDTH + _CHART_WIDTH + 80
    return Waterfall(link, bars, x(0.0), width, max(len(bars), 1) * _ROW_HEIGHT)


def _page(title: str, generation_id: str, links: Iterable[Link], lines: Iterable[str]) -> str:
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if line and not line.startswith(" ") and sections[-1][1][-1:] == [""]:
            sections.append((line, []))
        else:
            sections[-1][1].append(line)
    return template.render(
        title=title,
        generation_id=generation_id,
        sections=[(heading, "\n".join(text).strip("\n")) for heading, text in sections],
        waterfalls=[waterfall(link) for link in links],
    )
