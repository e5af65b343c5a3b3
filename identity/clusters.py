"""Clusters of records under guards: connected components, and the broken ones again with what may never be one person.

Everything is a function of the edges alone: neither their order nor unrelated records change a cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

LARGEST_CLUSTER = 40
_THERE = "cluster of records that are there"

Claims = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Edges:
    """Links between records 0..records-1; ``forced`` are stewards' links, ``apart`` the pairs stewards separated."""

    records: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.float64]
    forced: NDArray[np.bool_]
    apart: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Likeness:
    """Which records can't be one person by what they say of it, although no number tells them apart (twins, a parent).

    ``name`` and ``born`` are each record's name and birthday as a number (-1 = none): only where a cluster has several is it
    looked into. Two groups of records stay apart when every record of one is ``unlike`` every one of the other (someone who
    changed a name has records under both), or when any two are ``contrary``.
    """

    name: NDArray[np.int64]
    unlike: Callable[[int, int], bool]
    born: NDArray[np.int64] | None = None
    contrary: Callable[[int, int], bool] = lambda a, b: False


@dataclass(frozen=True)
class Clusters:
    """``label`` is the least record of each record's cluster; ``cut`` are indices of links that were not followed."""

    label: NDArray[np.int64]
    cut: list[int]


def cluster(edges: Edges, claims: Claims, likeness: Likeness | None = None, gone: NDArray[np.bool_] | None = None) -> Clusters:
    """Cluster records; no cluster holds two values of one claim (-1 = none), two separated or unlike records, or too many.

    ``claims`` maps the name of an identity of which a person has one (a valid ID number) to each record's value. Records
    that are ``gone`` join the cluster that they have the strongest link to, but never bring two clusters together.
    """
    if gone is None or not gone.any():
        return _cluster(edges, claims, likeness)
    there = ~(gone[edges.left] | gone[edges.right])
    present = _cluster(_only(edges, there), claims, likeness)
    of_gone = np.flatnonzero(~there)
    # Clusters that no gone record touches stay as they are: only the others are gone through again.
    touched = np.zeros(edges.records, dtype=np.bool_)
    touched[present.label[np.concatenate([edges.left[of_gone], edges.right[of_gone]])]] = True
    chain = np.flatnonzero(touched[present.label] & (present.label != np.arange(edges.records)))
    joined = replace(
        edges,
        left=np.concatenate([edges.left[of_gone], chain]),
        right=np.concatenate([edges.right[of_gone], present.label[chain]]),
        weight=np.concatenate([edges.weight[of_gone], np.full(len(chain), np.inf)]),
        forced=np.concatenate([edges.forced[of_gone], np.ones(len(chain), dtype=np.bool_)]),
    )
    all_claims = {**claims, _THERE: np.where(gone, -1, present.label)}
    whole = _cluster(joined, all_claims, likeness)
    cut = np.flatnonzero(there)[present.cut].tolist()
    cut += [int(of_gone[index]) for index in whole.cut if index < len(of_gone)]
    return Clusters(np.where(touched[present.label], whole.label, present.label), sorted(cut))


def _only(edges: Edges, chosen: NDArray[np.bool_]) -> Edges:
    parts = {name: getattr(edges, name)[chosen] for name in ("left", "right", "weight", "forced")}
    return replace(edges, **parts)


def _cluster(edges: Edges, claims: Claims, likeness: Likeness | None) -> Clusters:
    shape = (edges.records, edges.records)
    matrix = coo_array((np.ones(len(edges.left), dtype=np.int8), (edges.left, edges.right)), shape=shape)
    count, component = connected_components(matrix, directed=False)
    broken = _broken(edges, claims, component, count)
    if likeness is not None:
        broken |= _unlike_inside(likeness, component, count)
    label = _least_of(component, count)
    inside = np.flatnonzero(broken[component[edges.left]]) if len(edges.left) else np.array([], dtype=np.int64)
    members = np.flatnonzero(broken[component])
    if not len(members):
        return Clusters(label, [])
    return _rebuild(edges, claims, likeness, label, inside, members)


def _least_of(component: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    least = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(least, component, np.arange(len(component)))
    return least[component]


def _spread(values: NDArray[np.int64], component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Which components hold more than one of the values (-1 = none)."""
    known = values >= 0
    lowest = np.full(count, np.iinfo(np.int64).max)
    highest = np.full(count, -1)
    np.minimum.at(lowest, component[known], values[known])
    np.maximum.at(highest, component[known], values[known])
    return highest > lowest


def _broken(edges: Edges, claims: Claims, component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    broken = np.bincount(component, minlength=count) > LARGEST_CLUSTER
    for values in claims.values():
        broken |= _spread(values, component, count)
    for left, right in edges.apart:
        broken[component[left]] |= component[left] == component[right]
    return broken


def _unlike_inside(likeness: Likeness, component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Which components hold two records that are unlike; a giant is not looked into, it is broken by its size."""
    several, told = _spread(likeness.name, component, count), likeness.name >= 0
    if likeness.born is not None:
        several, told = several | _spread(likeness.born, component, count), told | (likeness.born >= 0)
    several &= np.bincount(component, minlength=count) <= LARGEST_CLUSTER
    members = np.flatnonzero(several[component] & told)
    inside: dict[int, list[int]] = defaultdict(list)
    for member in members.tolist():
        inside[int(component[member])].append(member)
    found = np.zeros(count, dtype=np.bool_)
    for number, records in inside.items():
        pairs = ((a, b) for at, a in enumerate(records) for b in records[at + 1 :])
        found[number] = any(likeness.unlike(a, b) or likeness.contrary(a, b) for a, b in pairs)
    return found


class _Forest:
    """Union-find whose trees remember what their records claim and how their records are called."""

    def __init__(self, members: Iterable[int], claims: Claims, likeness: Likeness | None, apart: list[tuple[int, int]]) -> None:
        self.parent = {int(member): int(member) for member in members}
        self.size = dict.fromkeys(self.parent, 1)
        self.claims = {
            member: {kind: {int(values[member])} if values[member] >= 0 else set() for kind, values in claims.items()}
            for member in self.parent
        }
        self.likeness = likeness
        self.named = {member: [member] if likeness and likeness.name[member] >= 0 else [] for member in self.parent}
        births = likeness.born if likeness else None
        self.born = {member: [member] if births is not None and births[member] >= 0 else [] for member in self.parent}
        self.apart: dict[int, set[int]] = defaultdict(set)
        for left, right in apart:
            if left in self.parent and right in self.parent:
                self.apart[left].add(right)
                self.apart[right].add(left)

    def root(self, member: int) -> int:
        while self.parent[member] != member:
            self.parent[member] = self.parent[self.parent[member]]
            member = self.parent[member]
        return member

    def join(self, left: int, right: int, forced: bool) -> bool:
        """Join the trees of two records; false when a guard forbids it.

        A steward's link passes all but a separation, and never joins two clusters through a record that is gone.
        """
        a, b = sorted((self.root(left), self.root(right)))
        if a == b:
            return True
        if any(self.root(other) == b for other in self.apart[a]):
            return False
        if not (self._claim_alike(a, b, _THERE) if forced else self._agree(a, b)):
            return False
        self.parent[b] = a
        self.size[a] += self.size[b]
        self.named[a] += self.named[b]
        self.born[a] += self.born[b]
        for kind, values in self.claims[b].items():
            self.claims[a][kind] |= values
        self.apart[a] |= self.apart[b]
        return True

    def _agree(self, a: int, b: int) -> bool:
        if self.size[a] + self.size[b] > LARGEST_CLUSTER:
            return False
        alike = all(self._claim_alike(a, b, kind) for kind in self.claims[b])
        return alike and not self._all_unlike(a, b) and not self._any_contrary(a, b)

    def _claim_alike(self, a: int, b: int, kind: str) -> bool:
        own, values = (self.claims[tree].get(kind) for tree in (a, b))
        return not own or not values or own == values

    def _all_unlike(self, a: int, b: int) -> bool:
        """No name of one tree goes with any of the other's: someone who changed a name has records under both."""
        pairs = [(x, y) for x in self.named[a] for y in self.named[b]]
        return bool(pairs) and self.likeness is not None and all(self.likeness.unlike(x, y) for x, y in pairs)

    def _any_contrary(self, a: int, b: int) -> bool:
        return self.likeness is not None and any(self.likeness.contrary(x, y) for x in self.born[a] for y in self.born[b])


def _rebuild(
    edges: Edges,
    claims: Claims,
    likeness: Likeness | None,
    label: NDArray[np.int64],
    inside: NDArray[np.int64],
    members: NDArray[np.int64],
) -> Clusters:
    """Join the records of broken components again, the strongest link first, as far as the guards let it."""
    forest = _Forest(members, claims, likeness, edges.apart)
    order = np.lexsort((edges.right[inside], edges.left[inside], -edges.weight[inside], ~edges.forced[inside]))
    cut = [
        int(index)
        for index in inside[order]
        if not forest.join(int(edges.left[index]), int(edges.right[index]), bool(edges.forced[index]))
    ]
    label = label.copy()
    for member in members:
        label[member] = forest.root(int(member))
    return Clusters(label, sorted(cut))
