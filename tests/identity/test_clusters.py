"""Clusters against a reference that joins sets of records by hand, on random graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clusters import LARGEST_CLUSTER, Edges, Likeness, cluster

NAMES = ("none", "wang", "li")


def edges_of(records: int, links: list[tuple[int, int, float, bool]], apart: list[tuple[int, int]] = ()) -> Edges:
    columns = list(zip(*links, strict=True)) if links else [[], [], [], []]
    types = (np.int64, np.int64, np.float64, np.bool_)
    arrays = [np.array(column, dtype=type_) for column, type_ in zip(columns, types, strict=True)]
    return Edges(records, *arrays, list(apart))


def likeness_of(names: list[int]) -> Likeness:
    return Likeness(np.array(names), lambda a, b: names[a] >= 0 and names[b] >= 0 and names[a] != names[b])


def reference(edges: Edges, ids: list[int], names: list[int]) -> list[int]:
    """Least record of each record's cluster, by joining sets: free components first, broken ones link by link."""
    links = list(zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), edges.forced.tolist(), strict=True))
    label: dict[int, int] = {}
    for component in joined([{record} for record in range(edges.records)], links, lambda a, b, forced: True):
        inside = [link for link in links if link[0] in component]
        may = guard(edges, ids, names)
        separated = any(a in component and b in component for a, b in edges.apart)
        if fits(component, ids, names) and not separated:
            parts = [component]
        else:
            ordered = sorted(inside, key=lambda link: (not link[3], -link[2], link[0], link[1]))
            parts = joined([{record} for record in component], ordered, may)
        label |= {record: min(part) for part in parts for record in part}
    return [label[record] for record in range(edges.records)]


def fits(records: set[int], ids: list[int], names: list[int]) -> bool:
    return all(len({values[record] for record in records} - {-1}) <= 1 for values in (ids, names))


def guard(edges: Edges, ids: list[int], names: list[int]):
    def may(a: set[int], b: set[int], forced: bool) -> bool:
        if any((x in a and y in b) or (x in b and y in a) for x, y in edges.apart):
            return False
        if forced:
            return True
        one, other = ({ids[r] for r in part} - {-1} for part in (a, b))
        called, otherwise = ({names[r] for r in part} - {-1} for part in (a, b))
        same_id = not one or not other or one == other
        return same_id and (not called or not otherwise or bool(called & otherwise))

    return may


def joined(parts: list[set[int]], links, may) -> list[set[int]]:
    parts = [set(part) for part in parts]
    for left, right, _, forced in links:
        a = next(part for part in parts if left in part)
        b = next(part for part in parts if right in part)
        if a is not b and may(a, b, forced):
            a |= b
            parts.remove(b)
    return parts


@st.composite
def graphs(draw):
    records = draw(st.integers(2, 9))
    record = st.integers(0, records - 1)
    pairs = st.tuples(record, record).filter(lambda pair: pair[0] < pair[1])
    ends = draw(st.lists(pairs, unique=True, max_size=12))
    strengths = draw(st.lists(st.sampled_from([0.9, 0.99, 0.999]), min_size=len(ends), max_size=len(ends)))
    forced = draw(st.lists(st.sampled_from([False, False, False, True]), min_size=len(ends), max_size=len(ends)))
    links = [(a, b, weight, force) for (a, b), weight, force in zip(ends, strengths, forced, strict=True)]
    apart = draw(st.lists(pairs, unique=True, max_size=2))
    value = st.lists(st.integers(-1, 1), min_size=records, max_size=records)
    return records, links, apart, draw(value), draw(value), draw(st.randoms(use_true_random=False))


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_clusters_are_those_of_the_reference_in_any_order_of_links(graph):
    records, links, apart, ids, names, random = graph
    claims = {"id": np.array(ids)}
    expected = reference(edges_of(records, links, apart), ids, names)
    shuffled = random.sample(links, len(links))
    for order in (links, shuffled):
        assert cluster(edges_of(records, order, apart), claims, likeness_of(names)).label.tolist() == expected


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_cluster_breaks_a_guard_only_by_a_stewards_link(graph):
    records, links, apart, ids, names, _ = graph
    links = [(a, b, weight, False) for a, b, weight, _ in links]
    found = cluster(edges_of(records, links, apart), {"id": np.array(ids)}, likeness_of(names))
    for label in set(found.label.tolist()):
        members = {record for record in range(records) if found.label[record] == label}
        assert label == min(members)
        assert len({ids[record] for record in members} - {-1}) <= 1
        assert not any(a in members and b in members for a, b in apart)
    for index in found.cut:
        left, right, *_ = links[index]
        assert found.label[left] != found.label[right]


@settings(max_examples=200, deadline=None)
@given(graphs(), graphs())
def test_unrelated_records_change_no_cluster(graph, other):
    records, links, apart, ids, names, _ = graph
    more, more_links, more_apart, more_ids, more_names, _ = other
    alone = cluster(edges_of(records, links, apart), {"id": np.array(ids)}, likeness_of(names)).label
    moved = [(a + records, b + records, weight, force) for a, b, weight, force in more_links]
    together = edges_of(records + more, links + moved, [*apart, *((a + records, b + records) for a, b in more_apart)])
    found = cluster(together, {"id": np.array([*ids, *more_ids])}, likeness_of([*names, *more_names])).label
    assert found[:records].tolist() == alone.tolist()


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_gone_records_bring_no_two_clusters_together(graph, data):
    records, links, apart, ids, names, _ = graph
    gone = np.array(data.draw(st.lists(st.booleans(), min_size=records, max_size=records)))
    kept = [link for link in links if not gone[link[0]] and not gone[link[1]]]
    claims, likeness = {"id": np.array(ids)}, likeness_of(names)
    without = cluster(edges_of(records, kept, apart), claims, likeness).label
    found = cluster(edges_of(records, links, apart), claims, likeness, gone).label
    for a in np.flatnonzero(~gone):
        for b in np.flatnonzero(~gone):
            assert (found[a] == found[b]) == (without[a] == without[b])


def test_the_anchor_stays_when_it_is_gone():
    links = [(0, 1, 0.99, False), (1, 2, 0.999, False)]
    for gone in ([False] * 3, [True, False, False], [True, True, False]):
        assert cluster(edges_of(3, links), {}, None, np.array(gone)).label.tolist() == [0, 0, 0]


def test_a_gone_record_goes_to_its_strongest_link():
    links = [(0, 1, 0.99, False), (0, 2, 0.999, False)]
    assert cluster(edges_of(3, links), {}, None, np.array([True, False, False])).label.tolist() == [0, 1, 0]


def test_somebody_who_changed_a_name_is_one_person():
    # Records 0 and 1 have one ID under two names; record 2 knows only the new name.
    links = [(0, 1, 0.9999, False), (1, 2, 0.998, False)]
    ids, names = [5, 5, -1], [1, 2, 2]
    likeness = Likeness(np.array(names), lambda a, b: names[a] != names[b] and not ids[a] == ids[b] >= 0)
    assert cluster(edges_of(3, links), {"id": np.array(ids)}, likeness).label.tolist() == [0, 0, 0]


def test_parent_and_child_are_kept_apart_through_a_nameless_record():
    links = [(0, 1, 0.99, False), (1, 2, 0.999, False)]
    found = cluster(edges_of(3, links), {}, likeness_of([1, -1, 2]))
    assert found.label.tolist() == [0, 1, 1]
    assert found.cut == [0]


@pytest.mark.parametrize("forced", [False, True])
def test_only_a_stewards_links_make_a_cluster_too_large(forced):
    records = LARGEST_CLUSTER + 5
    links = [(0, other, 0.9, forced) for other in range(1, records)]
    sizes = np.unique(cluster(edges_of(records, links), {}).label, return_counts=True)[1]
    assert sizes.max() == (records if forced else LARGEST_CLUSTER)


def test_a_separation_beats_a_stewards_link():
    links = [(0, 1, 1.0, True), (1, 2, 0.9, False)]
    assert cluster(edges_of(3, links, [(0, 2)]), {}).label.tolist() == [0, 0, 2]
    assert cluster(edges_of(2, [(0, 1, 1.0, True)], [(0, 1)]), {}).label.tolist() == [0, 1]
