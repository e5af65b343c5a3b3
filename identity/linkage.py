"""From the tables of links and records to clusters: what the Python models of the identity layer share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.clusters import Claims, Edges, Guards, Likeness, cluster

RECORD_COLUMNS = """
    record_no,
    is_gone,
    source_system = 'crm' and not starts_with(source_record_id, 'card:') as is_mention,
    case when id_kind = 'RIC' then id_std end as resident_id,
    case when id_kind in ('HKMO', 'TW') then id_kind || id_std end as permit,
    case when given_name is not null then name_sound end as name_sound,
    coalesce(year(birth_date_std) * 10000 + month(birth_date_std) * 100 + day(birth_date_std), -1) as born,
    coalesce(year(birth_date) * 10000 + month(birth_date) * 100 + day(birth_date), -1) as born_as_delivered,
    case sex_std when 'M' then 1 when 'F' then 2 else -1 end as sex_no
"""
LINK_COLUMNS = """
    record_a - 1 as left_no,
    record_b - 1 as right_no,
    cast(weight as double) as weight,
    coalesce(decided, 0) as decided,
    rule = 'STEWARD_SEPARATE' as is_apart,
    rule = 'CARD_NAMES_RECORD' as is_naming
"""


def cluster_records(records: Any, links: Any, limits: Any, with_gone: bool) -> pa.Table:
    """``record_no`` and ``anchor_no``, the record of its person that was delivered first.

    All are DuckDB relations: ``records`` int_identity__standard_record, whose record_no is 1, 2, 3, …; ``links`` with record_a,
    record_b, rule, weight and decided (null, or a decision's place in the order of all); ``limits`` int_identity__guard.
    Without ``with_gone``, gone records stay alone.
    """
    columns = records.project(RECORD_COLUMNS).to_arrow_table()
    place = columns["record_no"].to_numpy() - 1
    gone, mention = (_in_place(columns[name].to_numpy(), place) for name in ("is_gone", "is_mention"))
    edges = _edges(links.project(LINK_COLUMNS).to_arrow_table(), gone, mention)
    if not with_gone:
        there = ~(gone[edges.left] | gone[edges.right])
        kept = {name: getattr(edges, name)[there] for name in ("left", "right", "weight", "decided")}
        edges = replace(edges, **kept)
    claims: Claims = {kind: _numbered(columns[kind], place)[0] for kind in ("resident_id", "permit")}
    names, sounds = _numbered(columns["name_sound"], place)
    born, delivered, sex = (_in_place(columns[name].to_numpy(), place) for name in ("born", "born_as_delivered", "sex_no"))
    ((largest,),) = limits.project("largest_cluster").fetchall()
    alike = likeness(names, sounds, claims["resident_id"], born, delivered, sex)
    found = cluster(edges, Guards(claims, alike, largest), gone if with_gone else None)
    return pa.table({"record_no": pa.array(np.arange(1, len(place) + 1)), "anchor_no": pa.array(found.label + 1)})


def likeness(
    names: NDArray[np.int64],
    sounds: list[str],
    ids: NDArray[np.int64],
    born: NDArray[np.int64],
    born_as_delivered: NDArray[np.int64],
    sex: NDArray[np.int64],
) -> Likeness:
    """Unlike are names that have nothing to do with each other; contrary are birthdays that no slip of the pen explains, and a
    man and a woman of whom not even the birthday agrees.

    One valid ID number makes one person of two birthdays, and of two names only where one is part of the other and the rest
    agrees: a number given under another name is often a relative's.
    """

    def unlike(a: int, b: int) -> bool:
        if names[a] < 0 or names[b] < 0 or names[a] == names[b] or _one_slip_apart(sounds[names[a]], sounds[names[b]]):
            return False
        is_born_alike = born_as_delivered[a] == born_as_delivered[b] >= 0
        does_rest_agree = ids[a] == ids[b] >= 0 and is_born_alike and (sex[a] == sex[b] or -1 in (sex[a], sex[b]))
        return not (does_rest_agree and _is_part(sounds[names[a]], sounds[names[b]]))

    def contrary(a: int, b: int) -> bool:
        if ids[a] == ids[b] >= 0 or born[a] == born[b] >= 0:
            return False
        if sex[a] != sex[b] and -1 not in (sex[a], sex[b]):
            return True
        if born[a] < 0 or born[b] < 0:
            return False
        one, other = int(born[a]), int(born[b])
        return one // 10000 != other // 10000 and one % 10000 != other % 10000

    return Likeness(names, unlike, (born, sex), contrary)


def _edges(links: pa.Table, gone: NDArray[np.bool_], mention: NDArray[np.bool_]) -> Edges:
    left, right, weight, decided, apart, naming = (column.to_numpy() for column in links.itercolumns())
    # A CRM row that names a record which is gone has become a record itself. Its link comes last: the place of who is gone is
    # among the person's other records.
    weight = weight - (naming & ((gone[left] & mention[right]) | (mention[left] & gone[right])))
    return Edges(
        records=len(gone),
        left=left[~apart],
        right=right[~apart],
        weight=weight[~apart],
        decided=decided[~apart],
        apart=list(zip(left[apart].tolist(), right[apart].tolist(), decided[apart].tolist(), strict=True)),
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


def _is_part(a: str, b: str) -> bool:
    """One surname, and a given name that begins or ends the other's (PENG CHUN, PENG CHUNZI); parts stand in no order."""
    parts = [sorted(name.split(), key=len) for name in (a, b)]
    shorter, longer = sorted(parts, key=lambda words: sum(map(len, words)))
    rest = [word for word in longer if word not in shorter]
    lost = [word for word in shorter if word not in longer]
    return len(rest) <= 1 and all(any(word.startswith(part) or word.endswith(part) for word in rest) for part in lost)


def _one_slip_apart(a: str, b: str) -> bool:
    """At most one letter changed, added, left out, or two neighbours exchanged."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        return a[at + 1 :] == b[at + 1 :] or (a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :])
    return a[at + 1 :] == b[at:] if len(a) > len(b) else a[at:] == b[at + 1 :]
