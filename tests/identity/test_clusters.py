"""Clusters against a reference that joins sets of records by hand, on random graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.clusters import Edges, Guards, Likeness, cluster

NAMES = ("none", "wang", "li")


def edges_of(records: int, links: list[tuple[int, int, float, int]], apart: list[tuple[int, int, int]] = ()) -> Edges:
    """The last of each tuple is the decision's place in the order of all, 0 for a link that no steward made."""
    columns = list(zip(*links, strict=True)) if links else [[], [], [], []]
    types = (np.int64, np.int64, np.float64, np.int64)
    arrays = [np.array(column, dtype=type_) for column, type_ in zip(columns, types, strict=True)]
    return Edges(records, *arrays, list(apart))


def likeness_of(names: list[int]) -> Likeness:
    return Likeness(np.array(names), lambda a, b: names[a] >= 0 and names[b] >= 0 and names[a] != names[b])


def reference(edges: Edges, ids: list[int], names: list[int]) -> list[int]:
    """Least record of each record's cluster, by joining sets: free components first, broken ones link by link."""
    links = list(zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), edges.decided.tolist(), strict=True))
    label: dict[int, int] = {}
    for component in joined([{record} for record in range(edges.records)], links, [], lambda a, b, forced: True):
        inside = [link for link in links if link[0] in component]
        separated = [pair for pair in edges.apart if pair[0] in component and pair[1] in component]
        if fits(component, ids, names) and not separated:
            parts = [component]
        else:
            ordered = sorted(inside, key=lambda link: (-link[3], -link[2], link[0], link[1]))
            parts = joined([{record} for record in component], ordered, separated, guard(ids, names))
        label |= {record: min(part) for part in parts for record in part}
    return [label[record] for record in range(edges.records)]


def fits(records: set[int], ids: list[int], names: list[int]) -> bool:
    return all(len({values[record] for record in records} - {-1}) <= 1 for values in (ids, names))


def guard(ids: list[int], names: list[int]):
    def may(a: set[int], b: set[int], forced: bool) -> bool:
        if forced:
            return True
        one, other = ({ids[r] for r in part} - {-1} for part in (a, b))
        called, otherwise = ({names[r] for r in part} - {-1} for part in (a, b))
        same_id = one <= other or other <= one
        return same_id and (not called or not otherwise or bool(called & otherwise))

    return may


def joined(parts: list[set[int]], links, apart, may) -> list[set[int]]:
    """Sets of records joined link by link; of the separations those count that came before the link and still told two apart."""
    parts = [set(part) for part in parts]
    pending = sorted(apart, key=lambda pair: (-pair[2], -pair[0], -pair[1]))
    in_force: list[tuple[int, int]] = []
    for left, right, _, decided in links:
        while pending and pending[0][2] > decided:
            x, y, _ = pending.pop(0)
            if not any(x in part and y in part for part in parts):
                in_force.append((x, y))
        a = next(part for part in parts if left in part)
        b = next(part for part in parts if right in part)
        is_forbidden = any((x in a and y in b) or (x in b and y in a) for x, y in in_force)
        if a is not b and not is_forbidden and may(a, b, decided > 0):
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
    decisions = draw(st.permutations(range(1, len(ends) + 3)))
    forced = draw(st.lists(st.sampled_from([False, False, False, True]), min_size=len(ends), max_size=len(ends)))
    marked = zip(ends, strengths, forced, decisions[: len(ends)], strict=True)
    links = [(a, b, weight, decided if force else 0) for (a, b), weight, force, decided in marked]
    separated = draw(st.lists(pairs, unique=True, max_size=2))
    apart = [(a, b, decided) for (a, b), decided in zip(separated, decisions[len(ends) :], strict=False)]
    value = st.lists(st.integers(-1, 1), min_size=records, max_size=records)
    return records, links, apart, draw(value), draw(value), draw(st.randoms(use_true_random=False))


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_clusters_are_those_of_the_reference_in_any_order_of_links(graph):
    records, links, apart, ids, names, random = graph
    guards = Guards({"id": np.array(ids)}, likeness_of(names))
    expected = reference(edges_of(records, links, apart), ids, names)
    shuffled = random.sample(links, len(links))
    for order in (links, shuffled):
        assert cluster(edges_of(records, order, apart), guards).label.tolist() == expected


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_cluster_breaks_a_guard_only_by_a_stewards_link(graph):
    records, links, apart, ids, names, _ = graph
    links = [(a, b, weight, 0) for a, b, weight, _ in links]
    found = cluster(edges_of(records, links, apart), Guards({"id": np.array(ids)}, likeness_of(names)))
    for label in set(found.label.tolist()):
        members = {record for record in range(records) if found.label[record] == label}
        assert label == min(members)
        assert len({ids[record] for record in members} - {-1}) <= 1
        assert not any(a in members and b in members for a, b, _ in apart)
    for index in found.cut:
        left, right, *_ = links[index]
        assert found.label[left] != found.label[right]


@settings(max_examples=200, deadline=None)
@given(graphs(), graphs())
def test_unrelated_records_change_no_cluster(graph, other):
    records, links, apart, ids, names, _ = graph
    more, more_links, more_apart, more_ids, more_names, _ = other
    alone = cluster(edges_of(records, links, apart), Guards({"id": np.array(ids)}, likeness_of(names))).label
    moved = [(a + records, b + records, weight, force) for a, b, weight, force in more_links]
    together = edges_of(records + more, links + moved, [*apart, *((a + records, b + records, at) for a, b, at in more_apart)])
    found = cluster(together, Guards({"id": np.array([*ids, *more_ids])}, likeness_of([*names, *more_names]))).label
    assert found[:records].tolist() == alone.tolist()


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_gone_records_bring_no_two_clusters_together(graph, data):
    records, links, apart, ids, names, _ = graph
    gone = np.array(data.draw(st.lists(st.booleans(), min_size=records, max_size=records)))
    kept = [link for link in links if not gone[link[0]] and not gone[link[1]]]
    guards = Guards({"id": np.array(ids)}, likeness_of(names))
    without = cluster(edges_of(records, kept, apart), guards).label
    found = cluster(edges_of(records, links, apart), guards, gone).label
    for a in np.flatnonzero(~gone):
        for b in np.flatnonzero(~gone):
            assert (found[a] == found[b]) == (without[a] == without[b])


def test_the_anchor_stays_when_it_is_gone():
    links = [(0, 1, 0.99, 0), (1, 2, 0.999, 0)]
    for gone in ([False] * 3, [True, False, False], [True, True, False]):
        assert cluster(edges_of(3, links), Guards({}), np.array(gone)).label.tolist() == [0, 0, 0]


def test_a_gone_record_goes_to_its_strongest_link():
    links = [(0, 1, 0.99, 0), (0, 2, 0.999, 0)]
    assert cluster(edges_of(3, links), Guards({}), np.array([True, False, False])).label.tolist() == [0, 1, 0]


def test_somebody_who_changed_a_name_is_one_person():
    # Records 0 and 1 have one ID under two names; record 2 knows only the new name.
    links = [(0, 1, 0.9999, 0), (1, 2, 0.998, 0)]
    ids, names = [5, 5, -1], [1, 2, 2]
    likeness = Likeness(np.array(names), lambda a, b: names[a] != names[b] and not ids[a] == ids[b] >= 0)
    assert cluster(edges_of(3, links), Guards({"id": np.array(ids)}, likeness)).label.tolist() == [0, 0, 0]


def test_parent_and_child_are_kept_apart_through_a_nameless_record():
    links = [(0, 1, 0.99, 0), (1, 2, 0.999, 0)]
    found = cluster(edges_of(3, links), Guards({}, likeness_of([1, -1, 2])))
    assert found.label.tolist() == [0, 1, 1]
    assert found.cut == [0]


@pytest.mark.parametrize("forced", [False, True])
def test_only_a_stewards_links_make_a_cluster_too_large(forced):
    records, largest = 12, 7
    links = [(0, other, 0.9, other if forced else 0) for other in range(1, records)]
    sizes = np.unique(cluster(edges_of(records, links), Guards({}, largest=largest)).label, return_counts=True)[1]
    assert sizes.max() == (records if forced else largest)


def test_the_newer_of_two_decisions_wins_also_through_other_records():
    """0 and 1 are linked by a steward, 1 and 2 by a rule; 0 and 2 are separated. The rule's link gives way to either decision."""
    links = [(0, 1, 1.0, 2), (1, 2, 0.9, 0)]
    assert cluster(edges_of(3, links, [(0, 2, 3)]), Guards({})).label.tolist() == [0, 0, 2]
    assert cluster(edges_of(3, links, [(0, 2, 1)]), Guards({})).label.tolist() == [0, 0, 2]
    # Two stewards' links that together say what an older separation denies, and a newer one forbids.
    both = [(0, 1, 1.0, 3), (1, 2, 1.0, 4)]
    assert cluster(edges_of(3, both, [(0, 2, 2)]), Guards({})).label.tolist() == [0, 0, 0]
    assert cluster(edges_of(3, both, [(0, 2, 5)]), Guards({})).label.tolist() == [0, 1, 1]
    assert cluster(edges_of(2, [(0, 1, 1.0, 1)], [(0, 1, 2)]), Guards({})).label.tolist() == [0, 1]


def test_all_records_of_both_stay_with_two_persons_whom_a_steward_made_one():
    """0 and 1 bear one number, 2 and 3 another: the link between 1 and 2 takes 0 and 3 along, and 4 of a third stays out."""
    links = [(0, 1, 0.9, 0), (2, 3, 0.9, 0), (1, 2, 1.0, 1), (3, 4, 0.99, 0)]
    ids = np.array([7, 7, 8, 8, 9])
    assert cluster(edges_of(5, links), Guards({"id": ids})).label.tolist() == [0, 0, 0, 0, 4]


def test_birthdays_of_two_persons_whom_a_steward_made_one_do_not_part_their_records():
    born = [1950, 1950, 1990, 1990, 2020]
    links = [(0, 1, 0.9, 0), (2, 3, 0.9, 0), (1, 2, 1.0, 1), (3, 4, 0.99, 0)]
    likeness = Likeness(np.full(5, -1), lambda a, b: False, (np.array(born),), lambda a, b: born[a] != born[b])
    assert cluster(edges_of(5, links), Guards({}, likeness)).label.tolist() == [0, 0, 0, 0, 4]
