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

_THERE = "cluster of records that are there"
_ALWAYS = np.iinfo(np.int64).max  # newer than every decision

Claims = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Edges:
    """Links between records 0..records-1.

    ``decided`` is 0, or the place of a steward's link in the order of all decisions, the newest greatest; ``apart`` are the pairs
    that stewards separated, each with its place in the same order.
    """

    records: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.float64]
    decided: NDArray[np.int64]
    apart: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Likeness:
    """Which records can't be one person by what they say of it, although no number tells them apart (twins, a parent).

    ``name`` is each record's name as a number (-1 = none), ``told`` what else is known of it (birthday, sex): only where a
    cluster has several of one is it looked into. Two groups of records stay apart when every record of one is ``unlike`` every
    one of the other (someone who changed a name has records under both), or when any two are ``contrary``.
    """

    name: NDArray[np.int64]
    unlike: Callable[[int, int], bool]
    told: tuple[NDArray[np.int64], ...] = ()
    contrary: Callable[[int, int], bool] = lambda a, b: False


@dataclass(frozen=True)
class Guards:
    """What no cluster may hold but by a steward's link: two values of one claim, records that are unlike, more than ``largest``.

    ``claims`` maps the name of an identity of which a person has one (a valid ID number) to each record's value (-1 = none).
    """

    claims: Claims
    likeness: Likeness | None = None
    largest: int = 40


@dataclass(frozen=True)
class Clusters:
    """``label`` is the least record of each record's cluster; ``cut`` are indices of links that were not followed."""

    label: NDArray[np.int64]
    cut: list[int]


def cluster(edges: Edges, guards: Guards, gone: NDArray[np.bool_] | None = None) -> Clusters:
    """Cluster records under guards; of stewards' decisions that can't all hold, the newest do.

    Records that are ``gone`` join the cluster that they have the strongest link to, but never bring two clusters together.
    """
    if gone is None or not gone.any():
        return _cluster(edges, guards)
    there = ~(gone[edges.left] | gone[edges.right])
    present = _cluster(_only(edges, there), guards)
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
        decided=np.concatenate([edges.decided[of_gone], np.full(len(chain), _ALWAYS)]),
    )
    there_too = replace(guards, claims={**guards.claims, _THERE: np.where(gone, -1, present.label)})
    whole = _cluster(joined, there_too)
    cut = np.flatnonzero(there)[present.cut].tolist()
    cut += [int(of_gone[index]) for index in whole.cut if index < len(of_gone)]
    return Clusters(np.where(touched[present.label], whole.label, present.label), sorted(cut))


def _only(edges: Edges, chosen: NDArray[np.bool_]) -> Edges:
    parts = {name: getattr(edges, name)[chosen] for name in ("left", "right", "weight", "decided")}
    return replace(edges, **parts)


def _cluster(edges: Edges, guards: Guards) -> Clusters:
    shape = (edges.records, edges.records)
    matrix = coo_array((np.ones(len(edges.left), dtype=np.int8), (edges.left, edges.right)), shape=shape)
    count, component = connected_components(matrix, directed=False)
    broken = _broken(edges, guards, component, count)
    if guards.likeness is not None:
        broken |= _unlike_inside(guards.likeness, guards.largest, component, count)
    label = _least_of(component, count)
    inside = np.flatnonzero(broken[component[edges.left]]) if len(edges.left) else np.array([], dtype=np.int64)
    members = np.flatnonzero(broken[component])
    if not len(members):
        return Clusters(label, [])
    return _rebuild(edges, guards, label, inside, members)


def _least_of(component: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    least = np.empty(count, dtype=np.int64)
    least[component[::-1]] = np.arange(len(component))[::-1]  # the last to be written stays
    return least[component]


def _spread(values: NDArray[np.int64], component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Which components hold more than one of the values (-1 = none)."""
    known = np.flatnonzero(values >= 0)
    of, values = component[known], values[known]
    one = np.empty(count, dtype=values.dtype)
    one[of] = values
    several = np.zeros(count, dtype=np.bool_)
    several[of[values != one[of]]] = True
    return several


def _broken(edges: Edges, guards: Guards, component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    broken = np.bincount(component, minlength=count) > guards.largest
    for values in guards.claims.values():
        broken |= _spread(values, component, count)
    for left, right, _ in edges.apart:
        broken[component[left]] |= component[left] == component[right]
    return broken


def _unlike_inside(likeness: Likeness, largest: int, component: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Which components hold two records that are unlike; a giant is not looked into, it is broken by its size."""
    several = np.zeros(count, dtype=np.bool_)
    is_told = np.zeros(len(component), dtype=np.bool_)
    for values in (likeness.name, *likeness.told):
        several |= _spread(values, component, count)
        is_told |= values >= 0
    several &= np.bincount(component, minlength=count) <= largest
    members = np.flatnonzero(several[component] & is_told)
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

    def __init__(self, members: Iterable[int], guards: Guards) -> None:
        self.guards = guards
        self.parent = {int(member): int(member) for member in members}
        self.size = dict.fromkeys(self.parent, 1)
        self.claims = {
            member: {kind: {int(values[member])} if values[member] >= 0 else set() for kind, values in guards.claims.items()}
            for member in self.parent
        }
        likeness = guards.likeness
        self.named = {member: [member] if likeness and likeness.name[member] >= 0 else [] for member in self.parent}
        told = likeness.told if likeness else ()
        self.told = {member: [member] if any(values[member] >= 0 for values in told) else [] for member in self.parent}
        self.apart: dict[int, set[int]] = defaultdict(set)
        self.of_two: set[int] = set()  # trees that a steward made of what no rule takes for one person

    def root(self, member: int) -> int:
        while self.parent[member] != member:
            self.parent[member] = self.parent[self.parent[member]]
            member = self.parent[member]
        return member

    def separate(self, left: int, right: int) -> None:
        """Keep two records' trees apart, unless a newer decision has joined them."""
        a, b = self.root(left), self.root(right)
        if a != b:
            self.apart[a].add(right)
            self.apart[b].add(left)

    def join(self, left: int, right: int, forced: bool) -> bool:
        """Join the trees of two records; false when a guard forbids it.

        A steward's link passes all but a newer separation, and never joins two clusters through a record that is gone.
        """
        a, b = sorted((self.root(left), self.root(right)))
        if a == b:
            return True
        if any(self.root(other) == b for other in self.apart[a]):
            return False
        does_agree = self._agree(a, b)
        if not (self._claim_alike(a, b, _THERE) if forced else does_agree):
            return False
        if not does_agree or b in self.of_two:
            self.of_two.add(a)
        self.parent[b] = a
        self.size[a] += self.size[b]
        self.named[a] += self.named[b]
        self.told[a] += self.told[b]
        for kind, values in self.claims[b].items():
            self.claims[a][kind] |= values
        self.apart[a] |= self.apart[b]
        return True

    def _agree(self, a: int, b: int) -> bool:
        if self.size[a] + self.size[b] > self.guards.largest:
            return False
        alike = all(self._claim_alike(a, b, kind) for kind in self.claims[b])
        return alike and not self._all_unlike(a, b) and not self._any_contrary(a, b)

    def _claim_alike(self, a: int, b: int, kind: str) -> bool:
        """No value meets another one but where a steward has made one person of both."""
        own, values = (self.claims[tree].get(kind) for tree in (a, b))
        return not own or not values or own <= values or values <= own

    def _all_unlike(self, a: int, b: int) -> bool:
        """No name of one tree goes with any of the other's: someone who changed a name has records under both."""
        pairs = [(x, y) for x in self.named[a] for y in self.named[b]]
        likeness = self.guards.likeness
        return bool(pairs) and likeness is not None and all(likeness.unlike(x, y) for x, y in pairs)

    def _any_contrary(self, a: int, b: int) -> bool:
        likeness, left, right = self.guards.likeness, self.told[a], self.told[b]
        if likeness is None or not left or not right:
            return False
        if self.of_two & {a, b}:  # whoever goes with one of the two stays with him
            goes = [[not likeness.contrary(x, y) for y in right] for x in left]
            return not (all(map(any, goes)) or all(map(any, zip(*goes, strict=True))))
        return any(likeness.contrary(x, y) for x in left for y in right)


def _rebuild(
    edges: Edges, guards: Guards, label: NDArray[np.int64], inside: NDArray[np.int64], members: NDArray[np.int64]
) -> Clusters:
    """Join the records of broken components again: stewards' decisions first, from the newest, then the strongest links."""
    forest = _Forest(members, guards)
    order = np.lexsort((edges.right[inside], edges.left[inside], -edges.weight[inside], -edges.decided[inside]))
    older = sorted(((at, left, right) for left, right, at in edges.apart if left in forest.parent and right in forest.parent))
    cut = []
    for index in inside[order]:
        left, right, decided = int(edges.left[index]), int(edges.right[index]), int(edges.decided[index])
        while older and older[-1][0] > decided:
            forest.separate(*older.pop()[1:])
        if not forest.join(left, right, decided > 0):
            cut.append(int(index))
    label = label.copy()
    for member in members:
        label[member] = forest.root(int(member))
    return Clusters(label, sorted(cut))
