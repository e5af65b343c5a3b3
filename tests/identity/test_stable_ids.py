"""Customer ids over whole builds: what may not change them, what may, and that the history says why.

Every property is asked of generated deliveries with heavy noise and of a random choice among their records; the slow ones of
several seeds.
"""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import landing_variants as variants
import pytest

from ingest.run import discover, ingest_source
from sample.generate import write_sample
from warehouse import build, run
from warehouse.settings import Settings, get_settings

SEEDS = (3, 14, 159)
Ids = dict[str, str]  # record key -> customer id


@dataclass(frozen=True)
class Identity:
    """What identity says in one build."""

    ids: Ids
    probable: frozenset[tuple[object, ...]]
    in_question: frozenset[tuple[object, ...]]

    @property
    def members(self) -> dict[str, list[str]]:
        """Records of each customer, in the order of their places: the first is the anchor."""
        found: dict[str, list[str]] = defaultdict(list)
        for record, customer in self.ids.items():
            found[customer].append(record)
        return found


class Warehouse:
    """A home with its key; every call takes deliveries into an empty lake, so each build is one from nothing."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.patch = home, patch

    def settings(self, landing: Path) -> Settings:
        for name, value in {"HOME": self.home, "LANDING": landing, "QUIET_SECONDS": 0}.items():
            self.patch.setenv(f"GLIFE_{name}", str(value))
        return get_settings()

    def taken_in(self, landing: Path, up_to: date | None = None, chance: random.Random | None = None) -> Settings:
        settings = self.settings(landing)
        shutil.rmtree(settings.lake_dir, ignore_errors=True)
        sources = discover(settings)
        if chance:
            chance.shuffle(sources)
        for source in sources:
            ingest_source(settings, source, up_to)
        return settings

    def identified(self, settings: Settings, as_of: date | None = None) -> Identity:
        target = settings.build_dir / "one.duckdb"
        build.build_identity(settings, build.plan_build(settings, as_of), target, lambda _: None)
        with duckdb.connect(str(target), read_only=True) as connection:
            ids, probable, asked = (connection.execute(statement).fetchall() for statement in (_IDS, _PROBABLE, _IN_QUESTION))
        return Identity(dict(ids), frozenset(probable), frozenset(asked))

    def identity_of(self, landing: Path, up_to: date | None = None, chance: random.Random | None = None) -> Identity:
        return self.identified(self.taken_in(landing, up_to, chance))


_IDS = """
select record_key, customer_id from identity.int_identity__customer_record
inner join identity.int_identity__standard_record using (record_key) order by record_no
"""
_PROBABLE = "select source_system, source_record_id, customer_id, round(probability, 9), why from core.probable_link"
_IN_QUESTION = """
select least(a.record_key, b.record_key), greatest(a.record_key, b.record_key), cause, rule, round(weight, 9), guard
from identity.int_identity__cut_link
inner join identity.int_identity__standard_record as a on record_a = a.record_no
inner join identity.int_identity__standard_record as b on record_b = b.record_no
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    return Warehouse(tmp_path / "home", monkeypatch)


def sampled(folder: Path, seed: int, persons: int = 350) -> Path:
    write_sample(persons, folder, seed, "heavy")
    return folder


def copied(landing: Path, name: str) -> Path:
    return Path(shutil.copytree(landing, landing.with_name(name)))


def reordered(landing: Path, chance: random.Random) -> None:
    assert variants.rewrite(landing, variants.shuffled(chance)) > 50
    assert variants.shuffle_workbooks(landing, chance) > 50


def delivered_twice(landing: Path, chance: random.Random) -> None:
    assert variants.rewrite(landing, variants.repeated(chance)) > 50
    assert variants.deliver_again(landing, chance) > 10


def with_more_persons(landing: Path, chance: random.Random) -> None:
    persons = variants.strangers(chance, 80)
    assert variants.rewrite(landing, variants.with_strangers(persons, chance)) > 5
    variants.add_stranger_workbook(landing, persons)


def require_same(before: Identity, after: Identity, strangers: int = 0) -> None:
    """Every old record is there under its id, in the same links and questions; strangers are among themselves."""
    assert {record: after.ids.get(record) for record in before.ids} == before.ids
    assert (after.probable, after.in_question) == (before.probable, before.in_question)
    new = {customer for record, customer in after.ids.items() if record not in before.ids}
    assert len(new) == strangers
    assert not new & set(before.ids.values())


def test_order_repetition_unrelated_persons_and_a_rebuild_from_nothing_change_no_id(tmp_path: Path, warehouse: Warehouse) -> None:
    """The fast twin of the slow proofs: all at once, so that it takes two builds."""
    chance = random.Random(7)
    landing = sampled(tmp_path / "landing", 7, 120)
    other = copied(landing, "other")
    for change in (with_more_persons, delivered_twice, reordered):
        change(other, chance)
    require_same(warehouse.identity_of(landing), warehouse.identity_of(other, chance=chance), 80)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("change", "strangers"), [(reordered, 0), (delivered_twice, 0), (with_more_persons, 80), (None, 0)])
def test_id_depends_neither_on_order_nor_repetition_nor_others_nor_the_disk(
    tmp_path: Path, warehouse: Warehouse, seed: int, change: Callable[[Path, random.Random], None] | None, strangers: int
) -> None:
    chance = random.Random(seed)
    landing = sampled(tmp_path / "landing", seed)
    other = copied(landing, "other")
    if change:
        change(other, chance)
    before = warehouse.identity_of(landing)
    assert len(before.members) < len(before.ids)
    assert before.in_question
    for kept in [path for path in warehouse.home.iterdir() if path.name != "secrets"]:
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    require_same(before, warehouse.identity_of(other, chance=chance), strangers)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_record_that_goes_away_keeps_its_place_but_makes_no_customer(tmp_path: Path, warehouse: Warehouse, seed: int) -> None:
    """Half of the anchors that may go do: what is left of their customers has the old id, or one that was there before."""
    chance = random.Random(seed)
    landing = sampled(tmp_path / "landing", seed)
    before = warehouse.identity_of(landing)
    anchors = [records[0] for records in before.members.values() if len(records) > 1]
    anchors = [record for record in anchors if record.split(":")[0] in variants.GOING]
    going = set(chance.sample(anchors, len(anchors) // 2))
    assert len(going) > 50
    variants.rewrite(landing, variants.without(going, landing))
    after = warehouse.identity_of(landing)
    assert not going & after.ids.keys()
    known = set(before.ids.values())
    kept = 0
    for record in going:
        old = before.ids[record]
        now = {after.ids[other] for other in before.members[old] if other in after.ids}
        assert not now or now & known, f"{record} took its customer's id with it"
        kept += old in now
    assert kept > 0.9 * len(going)
    # Whoever lost nobody keeps his id, or joins somebody older whose rival is gone.
    touched = {before.ids[record] for record in going}
    strange = {
        r for r, customer in after.ids.items() if r in before.ids and before.ids[r] not in touched and customer not in known
    }
    assert not strange


def published(settings: Settings, as_of: date) -> Path:
    """The restricted file of a new current generation."""
    for source in discover(settings):
        ingest_source(settings, source)
    plan = run.plan({"as_of": as_of.isoformat(), "up_to": None, "known_at": None})
    run.start_build(plan)
    for layer in build.LAYERS:
        run.build_layer(plan, layer)
    run.publish_gate(plan)
    run.publish(plan)
    return settings.current / "restricted.duckdb"


def told(file: Path) -> tuple[dict[str, str], list[tuple[str, str, str, str]]]:
    """Customer of each record, and the history: old id, id, change, reason."""
    with duckdb.connect(str(file), read_only=True) as connection:
        history = connection.execute(
            "select old_customer_id, customer_id, change, reason from mart.customer_id_history order by as_of"
        ).fetchall()
        return dict(connection.execute(_IDS).fetchall()), history


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_merge_keeps_the_older_id_a_split_keeps_it_with_the_anchor_and_undoing_brings_back(
    tmp_path: Path, warehouse: Warehouse, seed: int
) -> None:
    chance = random.Random(seed)
    landing = sampled(tmp_path / "landing", seed, 120)
    settings = warehouse.settings(landing)
    before, history = told(published(settings, date(2026, 4, 30)))
    assert history == []
    members = defaultdict(list)
    for record, customer in before.items():
        members[customer].append(record)
    parted = chance.choice([records for records in members.values() if len(records) == 2])
    others = [records for records in members.values() if records != parted and len(records) > 1]
    joined = sorted(chance.sample(others, 2), key=lambda records: list(before).index(records[0]))

    write_decisions(landing, "2026-05-01", [("SEPARATE", *parted), ("LINK", joined[0][0], joined[1][0])])
    decided, history = told(published(settings, date(2026, 5, 1)))
    split, merged = before[parted[0]], (before[joined[1][0]], before[joined[0][0]])
    assert decided[parted[0]] == split
    assert decided[parted[1]] not in members
    assert {decided[record] for records in joined for record in records} == {merged[1]}
    changes = {(split, decided[parted[1]], "SPLIT", "STEWARD"), (*merged, "MERGE", "STEWARD")}
    assert set(history) == changes
    assert {r for r in before if decided[r] != before[r]} == {parted[1], *joined[1]}

    write_decisions(landing, "2026-05-02", [])
    undone, history = told(published(settings, date(2026, 5, 2)))
    assert undone == before
    assert set(history) - changes == {
        (decided[parted[1]], split, "MERGE", "STEWARD"),
        (merged[1], merged[0], "SPLIT", "STEWARD"),
    }


def write_decisions(landing: Path, day: str, more: list[tuple[str, str, str]]) -> None:
    """The stewards' files of the last delivery again, with more decisions."""
    folder = Path(shutil.copytree(landing / "stewardship" / "2026-04-30", landing / "stewardship" / day))
    with (folder / "decisions.csv").open("a", encoding="utf-8") as file:
        for number, (action, one, other) in enumerate(more):
            sides = ",".join(record.replace(":", ",", 1) for record in (one, other))
            file.write(f"X{number},{action},{sides},looked into,steward09,{day}T10:00:00\n")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_id_as_of_a_day_is_what_it_was_on_that_day(tmp_path: Path, warehouse: Warehouse, seed: int) -> None:
    """But for those whose erasure was asked for since."""
    landing = sampled(tmp_path / "landing", seed)
    day = random.Random(seed).choice([date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)])
    then = warehouse.identity_of(landing, up_to=day)
    settings = warehouse.taken_in(landing)
    once, again = (warehouse.identified(settings, day) for _ in range(2))
    assert once == again
    missing = then.ids.keys() - once.ids.keys()
    assert {then.ids[record] for record in missing}.isdisjoint(once.ids.values())
    assert len(missing) < 0.05 * len(then.ids)
    assert {record: then.ids[record] for record in once.ids} == once.ids
