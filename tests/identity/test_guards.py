"""Guards over what records say of a person: names, birthdays, a number given under another name."""

from __future__ import annotations

import numpy as np
import pytest

from identity.clusters import Edges, Guards, cluster
from identity.linkage import likeness

SOUNDS = ["bo wu", "mei liu", "taofu liu", "fang mei wang", "liu tao"]


def clustered(records: list[dict[str, int]], links: list[tuple[int, int]]) -> list[int]:
    """Cluster labels of records {name, id, born, delivered, sex}; what is left out is unknown."""
    columns = {
        key: np.array([record.get(key, unknown) for record in records])
        for key, unknown in (("name", -1), ("id", -1), ("born", -1), ("delivered", -1), ("sex", -1))
    }
    alike = likeness(columns["name"], SOUNDS, columns["id"], columns["born"], columns["delivered"], columns["sex"])
    left, right = (np.array(side) for side in zip(*links, strict=True))
    edges = Edges(len(records), left, right, np.full(len(links), 0.998), np.zeros(len(links), dtype=np.int64))
    return cluster(edges, Guards({"resident_id": columns["id"]}, alike)).label.tolist()


@pytest.mark.parametrize(
    ("one", "other", "is_one_person"),
    [
        (19890109, 20161112, False),  # a father and a child of one name
        (19790103, 20090303, False),  # born on the same day of another month
        (19890109, 19890901, True),  # month and day exchanged
        (19890109, 19890119, True),  # a slip of the pen
        (19890109, 19700109, True),  # the year alone: an error of one field
    ],
)
def test_birthdays_that_no_slip_explains_stay_apart_through_a_third_record(one, other, is_one_person):
    records = [{"name": 0, "born": one}, {"name": 0}, {"name": 0, "born": other}]
    assert (len(set(clustered(records, [(0, 1), (1, 2)]))) == 1) == is_one_person


def test_one_valid_number_makes_one_person_of_two_birthdays():
    assert clustered([{"name": 0, "id": 7, "born": 19890109}, {"name": 0, "id": 7, "born": 20161112}], [(0, 1)]) == [0, 0]


def test_a_number_under_another_name_is_a_relatives_unless_a_part_of_the_name_was_lost_and_the_rest_agrees():
    nameless = {"id": 7, "born": 19561222}
    wife = {"name": 1, "id": 7, "born": 19561222, "delivered": 19580301, "sex": 2}
    owner = {"name": 2, "id": 7, "born": 19561222, "delivered": 19561222, "sex": 1}
    assert len(set(clustered([owner, nameless, wife], [(0, 1), (1, 2)]))) == 2
    filled_in = {"name": 3, "id": 7, "born": 19561222, "delivered": 19561222, "sex": 1}
    assert len(set(clustered([owner, nameless, filled_in], [(0, 1), (1, 2)]))) == 2
    shortened = {"name": 4, "id": 7, "born": 19561222, "delivered": 19561222, "sex": 1}
    assert len(set(clustered([owner, nameless, shortened], [(0, 1), (1, 2)]))) == 1


@pytest.mark.parametrize(
    ("man", "woman", "is_one_person"),
    [
        ({"sex": 1}, {"sex": 2}, False),  # husband and wife of one name on one number
        ({"sex": 1, "born": 19890109}, {"sex": 2, "born": 19890109}, True),  # a wrong sex
        ({"sex": 1, "id": 7}, {"sex": 2, "id": 7}, True),
    ],
)
def test_man_and_woman_stay_apart_through_a_third_record_unless_the_birthday_or_the_number_agrees(man, woman, is_one_person):
    records = [{"name": 0, **man}, {"name": 0}, {"name": 0, **woman}]
    assert (len(set(clustered(records, [(0, 1), (1, 2)]))) == 1) == is_one_person
