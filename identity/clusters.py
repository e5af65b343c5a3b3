"""Clusters of records under guards: connected components, and the broken ones again with what may never be one person.

Everything is a function of the edges alone: neither their order nor unrelated records change a cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

LARGEST_CLUSTER = 40


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
class Clusters:
    """``label`` is the least record of each record's cluster; ``cut`` are indices of links that were not followed."""

    label: NDArray[np.int64]
    cut: list[int]


def cluster(edges: Edges, claims: dict[str, NDArray[np.int64]]) -> Clusters:
    """Cluster records; no cluster holds two values of one claim (-1 = none), two separated records, or too many.

    ``claims`` maps the name of an identity of which a person has one (a valid ID number) to each record's value.
    """
    matrix = coo_array((np.ones(len(edges.left), dtype=np.int8), (edges.left, edges.right)), shape=(edges.records, edges.records))
    count, component = connected_components(matrix, directed=False)
    broken = _broken(edges, claims, component, count)
    label = _least_of(component, count)
    inside = np.flatnonzero(broken[component[edges.left]]) if len(edges.left) else np.array([], dtype=np.int64)
    members = np.flatnonzero(broken[component])
    if not len(members):
        return Clusters(label, [])
    return _rebuild(edges, claims, label, inside, members)


def _least_of(component: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    least = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(least, component, np.arange(len(component)))
    return least[component]


def _broken(edges: Edges, claims: dict[str, NDArray[np.int64]], component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    broken = np.bincount(component, minlength=count) > LARGEST_CLUSTER
    for values in claims.values():
        known = values >= 0
        lowest = np.full(count, np.iinfo(np.int64).max)
        highest = np.full(count, -1)
        np.minimum.at(lowest, component[known], values[known])
        np.maximum.at(highest, component[known], values[known])
        broken |= highest > lowest
    for left, right in edges.apart:
        broken[component[left]] |= component[left] == component[right]
    return broken


class _Forest:
    """Union-find whose trees remember what their records claim."""

    def __init__(self, members: Iterable[int], claims: dict[str, NDArray[np.int64]], apart: list[tuple[int, int]]) -> None:
        self.parent = {int(member): int(member) for member in members}
        self.size = dict.fromkeys(self.parent, 1)
        self.claims = {
            member: {kind: {int(values[member])} if values[member] >= 0 else set() for kind, values in claims.items()}
            for member in self.parent
        }
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
        """Join the trees of two records; false when a guard forbids it. A steward's link passes all but a separation."""
        a, b = sorted((self.root(left), self.root(right)))
        if a == b:
            return True
        if any(self.root(other) == b for other in self.apart[a]):
            return False
        if not forced and not self._agree(a, b):
            return False
        self.parent[b] = a
        self.size[a] += self.size[b]
        for kind, values in self.claims[b].items():
            self.claims[a][kind] |= values
        self.apart[a] |= self.apart[b]
        return True

    def _agree(self, a: int, b: int) -> bool:
        if self.size[a] + self.size[b] > LARGEST_CLUSTER:
            return False
        for kind, values in self.claims[b].items():
            own = self.claims[a][kind]
            if own and values and own != values:
                return False
        return True


def _rebuild(
    edges: Edges,
    claims: dict[str, NDArray[np.int64]],
    label: NDArray[np.int64],
    inside: NDArray[np.int64],
    members: NDArray[np.int64],
) -> Clusters:
    """Join the records of broken components again, the strongest link first, as far as the guards let it."""
    forest = _Forest(members, claims, edges.apart)
    order = np.lexsort((edges.right[inside], edges.left[inside], -edges.weight[inside], ~edges.forced[inside]))
    cut = [
        int(index)
        for index in inside[order]
        if not forest.join(int(edges.left[index]), int(edges.right[index]), bool(edges.forced[index]))
    ]
    label = label.copy()
    for member in members:
        label[member] = forest.root(int(member))
    return Clusters(label, cut)
