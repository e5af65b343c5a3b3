"""From the tables of links and records to clusters: what the Python models of the identity layer share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.clusters import Claims, Edges, Likeness, cluster

# Records as the clusters need them, in the order of record_no, which is 1, 2, 3, …
RECORD_COLUMNS = """
    record_no,
    is_gone,
    case when id_kind = 'RIC' then dense_rank() over (order by id_kind, id_std) else -1 end as resident_id,
    case when id_kind = 'HKMO' then dense_rank() over (order by id_kind, id_std) else -1 end as permit,
    case when given_name is not null then dense_rank() over (order by name_sound) else -1 end as name_no,
    name_sound
"""


def cluster_records(records: Any, links: Any, with_gone: bool) -> pa.Table:
    """``record_no`` and ``anchor_no``, the record of its person that was delivered first.

    ``records`` and ``links`` are DuckDB relations (int_identity__standard_record; record_a, record_b, rule, weight).
    Without ``with_gone``, gone records stay alone.
    """
    columns = records.project(RECORD_COLUMNS).order("record_no").fetchnumpy()
    edges = _edges(links.order("record_a, record_b, rule").fetchnumpy(), len(columns["record_no"]))
    gone = np.asarray(columns["is_gone"], dtype=np.bool_)
    if not with_gone:
        there = ~(gone[edges.left] | gone[edges.right])
        kept = {name: getattr(edges, name)[there] for name in ("left", "right", "weight", "forced")}
        edges = replace(edges, **kept)
    claims: Claims = {kind: _numbers(columns[kind]) for kind in ("resident_id", "permit")}
    found = cluster(edges, claims, likeness(columns), gone if with_gone else None)
    return pa.table({"record_no": pa.array(columns["record_no"]), "anchor_no": pa.array(found.label + 1)})


def likeness(columns: dict[str, NDArray[Any]]) -> Likeness:
    """Two records are unlike when their names have nothing to do with each other and no valid ID says they are one person."""
    names, ids = _numbers(columns["name_no"]), _numbers(columns["resident_id"])
    sounds = columns["name_sound"]

    def unlike(a: int, b: int) -> bool:
        if names[a] < 0 or names[b] < 0 or names[a] == names[b] or ids[a] == ids[b] >= 0:
            return False
        return not _one_slip_apart(str(sounds[a]), str(sounds[b]))

    return Likeness(names, unlike)


def _edges(links: dict[str, NDArray[Any]], records: int) -> Edges:
    rule = np.asarray(links["rule"], dtype=object)
    left, right = (np.asarray(links[side], dtype=np.int64) - 1 for side in ("record_a", "record_b"))
    apart = rule == "STEWARD_SEPARATE"
    return Edges(
        records=records,
        left=left[~apart],
        right=right[~apart],
        weight=np.asarray(links["weight"], dtype=float)[~apart],
        forced=np.asarray(rule == "STEWARD_LINK", dtype=np.bool_)[~apart],
        apart=list(zip(left[apart].tolist(), right[apart].tolist(), strict=True)),
    )


def _numbers(values: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64)


def _one_slip_apart(a: str, b: str) -> bool:
    """At most one letter changed, added, left out, or two neighbours exchanged."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        return a[at + 1 :] == b[at + 1 :] or (a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :])
    return a[at + 1 :] == b[at:] if len(a) > len(b) else a[at:] == b[at + 1 :]
