"""From the tables of links and records to clusters: what the Python models of the identity layer share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.clusters import Claims, Edges, Likeness, cluster

RECORD_COLUMNS = """
    record_no,
    is_gone,
    case when id_kind = 'RIC' then id_std end as resident_id,
    case when id_kind = 'HKMO' then id_std end as permit,
    case when given_name is not null then name_sound end as name_sound
"""
LINK_COLUMNS = """
    record_a - 1 as left_no,
    record_b - 1 as right_no,
    cast(weight as double) as weight,
    rule = 'STEWARD_LINK' as is_forced,
    rule = 'STEWARD_SEPARATE' as is_apart
"""


def cluster_records(records: Any, links: Any, with_gone: bool) -> pa.Table:
    """``record_no`` and ``anchor_no``, the record of its person that was delivered first.

    ``records`` and ``links`` are DuckDB relations (int_identity__standard_record, whose record_no is 1, 2, 3, …;
    record_a, record_b, rule, weight). Without ``with_gone``, gone records stay alone.
    """
    columns = records.project(RECORD_COLUMNS).to_arrow_table()
    place = columns["record_no"].to_numpy() - 1
    gone = _in_place(columns["is_gone"].to_numpy(), place)
    edges = _edges(links.project(LINK_COLUMNS).to_arrow_table(), len(place))
    if not with_gone:
        there = ~(gone[edges.left] | gone[edges.right])
        kept = {name: getattr(edges, name)[there] for name in ("left", "right", "weight", "forced")}
        edges = replace(edges, **kept)
    claims: Claims = {kind: _numbered(columns[kind], place)[0] for kind in ("resident_id", "permit")}
    alike = likeness(*_numbered(columns["name_sound"], place), claims["resident_id"])
    found = cluster(edges, claims, alike, gone if with_gone else None)
    return pa.table({"record_no": pa.array(np.arange(1, len(place) + 1)), "anchor_no": pa.array(found.label + 1)})


def likeness(names: NDArray[np.int64], sounds: list[str], ids: NDArray[np.int64]) -> Likeness:
    """Two records are unlike when their names have nothing to do with each other and no valid ID says they are one person."""

    def unlike(a: int, b: int) -> bool:
        if names[a] < 0 or names[b] < 0 or names[a] == names[b] or ids[a] == ids[b] >= 0:
            return False
        return not _one_slip_apart(sounds[names[a]], sounds[names[b]])

    return Likeness(names, unlike)


def _edges(links: pa.Table, records: int) -> Edges:
    left, right, weight, forced, apart = (column.to_numpy() for column in links.itercolumns())
    return Edges(
        records=records,
        left=left[~apart],
        right=right[~apart],
        weight=weight[~apart],
        forced=forced[~apart],
        apart=list(zip(left[apart].tolist(), right[apart].tolist(), strict=True)),
    )


def _numbered(values: pa.ChunkedArray, place: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Texts as numbers in the order of the records, -1 for none, and the text of each number."""
    coded = values.combine_chunks().dictionary_encode()
    numbers = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _in_place(numbers, place), coded.dictionary.to_pylist()


def _in_place(values: NDArray[Any], place: NDArray[np.int64]) -> NDArray[Any]:
    ordered = np.empty_like(values)
    ordered[place] = values
    return ordered


def _one_slip_apart(a: str, b: str) -> bool:
    """At most one letter changed, added, left out, or two neighbours exchanged."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        return a[at + 1 :] == b[at + 1 :] or (a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :])
    return a[at + 1 :] == b[at:] if len(a) > len(b) else a[at:] == b[at + 1 :]
