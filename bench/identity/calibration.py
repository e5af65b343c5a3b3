"""Estimated against actual: how often links of each rule are wrong, beside what the evidence says.

``python bench/identity/calibration.py BUILD TRUTH [BUILD TRUTH ...] [--picture FILE.svg]``

A link counts where both records are linkable and it was merged or is probable; it is wrong when they are two persons. Prints one
line per rule and draws one dot per rule: across what the evidence estimates, up what was found. A dot on the diagonal is
calibrated, below it the rule is better than believed. Rules that were never wrong are open dots at the rate that twenty such
samples would exceed once (3 ÷ n).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from math import log10
from pathlib import Path

import duckdb

_LINKS = """
with truth as (
    select records.record_no, known.person_id
    from read_csv(?, all_varchar = true) as known
    inner join identity.int_identity__person_record as records using (source_system, source_record_id)
    where known.linkable = '1' and coalesce(known.gone_on, '') = ''
),
links as (
    select rule, record_a, record_b from identity.int_identity__strong_link where rule not like 'STEWARD%'
    union all
    select rule, record_no, other_no from identity.int_identity__weak_link where is_merged or is_probable
)
select links.rule, any_value(evidence.probability), count(*), count(*) filter (where a.person_id <> b.person_id)
from links
inner join truth as a on links.record_a = a.record_no
inner join truth as b on links.record_b = b.record_no
inner join reference.identity_evidence as evidence on links.rule = evidence.rule
group by links.rule
"""
_SIZE, _MARGIN = 560, 60
_LEAST, _MOST = -5.5, -0.5  # powers of ten on both axes
_FEW = 20  # a rule seen less often says nothing of its rate


@dataclass(frozen=True)
class Rate:
    """One rule: what share of its links is wrong, as estimated and as found."""

    rule: str
    estimated: float
    links: int
    wrong: int

    @property
    def found(self) -> float:
        return (self.wrong or 3) / self.links


def rates(builds: list[tuple[Path, Path]]) -> list[Rate]:
    """Every rule that linked something, over all the builds together, the most trusted first."""
    estimated: dict[str, float] = {}
    links: dict[str, int] = defaultdict(int)
    wrong: dict[str, int] = defaultdict(int)
    for build, truth in builds:
        with duckdb.connect(str(build), read_only=True) as connection:
            for rule, probability, tried, failed in connection.execute(_LINKS, [str(truth)]).fetchall():
                estimated[rule] = 1 - probability
                links[rule] += tried
                wrong[rule] += failed
    return sorted((Rate(rule, p, links[rule], wrong[rule]) for rule, p in estimated.items()), key=lambda rate: rate.estimated)


def picture(found: list[Rate]) -> str:
    """The calibration plot as SVG."""
    shown = [rate for rate in found if rate.links >= _FEW]
    parts = [_line(_LEAST, _LEAST, _MOST, _MOST, "#999", "4 3")]
    for power in range(-5, 0):
        label = f"{10.0**power:.{-power}f}"
        parts += [_line(power, _LEAST, power, _MOST, "#e5e5e5"), _line(_LEAST, power, _MOST, power, "#e5e5e5")]
        parts.append(f'<text x="{_x(power):.0f}" y="{_y(_LEAST) + 18:.0f}" text-anchor="middle">{label}</text>')
        parts.append(f'<text x="{_x(_LEAST) - 6:.0f}" y="{_y(power) + 4:.0f}" text-anchor="end">{label}</text>')
    for rate in shown:
        fill = "#b3261e" if rate.wrong else "none"
        x, y = _x(_log(rate.estimated)), _y(_log(rate.found))
        title = f"{rate.rule}: {rate.wrong} of {rate.links:,} wrong, estimated {rate.estimated:.5f}"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="#b3261e"><title>{title}</title></circle>')
    middle, end = _SIZE / 2, _SIZE - 14
    parts.append(f'<text x="{middle}" y="{end}" text-anchor="middle">share of wrong links, as estimated</text>')
    parts.append(
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">share of wrong links, as found</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" font-family="sans-serif" font-size="11">'
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _log(rate: float) -> float:
    return min(max(log10(rate), _LEAST), _MOST)


def _x(power: float) -> float:
    return _MARGIN + (power - _LEAST) / (_MOST - _LEAST) * (_SIZE - 2 * _MARGIN)


def _y(power: float) -> float:
    return _SIZE - _x(power)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    ends = f'x1="{_x(x1):.1f}" y1="{_y(y1):.1f}" x2="{_x(x2):.1f}" y2="{_y(y2):.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dashes}"/>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="builds and their person_of.csv in turn")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    found = rates(list(zip(arguments.files[::2], arguments.files[1::2], strict=True)))
    print("| rule | links | wrong | found | estimated |\n|---|---|---|---|---|")
    for rate in found:
        print(f"| `{rate.rule}` | {rate.links:,} | {rate.wrong} | {rate.wrong / rate.links:.5f} | {rate.estimated:.5f} |")
    if arguments.picture:
        arguments.picture.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
