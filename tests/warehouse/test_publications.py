"""The publication log: append-only, once a generation, whole or not at all, and a chain that a build can follow."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from published_steps import write_steps

from warehouse import publications
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.publications import Publication
from warehouse.runlog import SHANGHAI
from warehouse.settings import Settings, get_settings


def entry(number: int, base: int, day: str, generation: str | None = None) -> Publication:
    at = datetime(2026, 5, number, 8, tzinfo=SHANGHAI)
    return Publication(
        number, base, generation or f"g{number}", date.fromisoformat(day), at, "code", "parameters", f"lake{number}"
    )


def generation(folder: Path, settings: Settings, records: list[tuple[str, str | None]]) -> Path:
    return write_steps(folder / f"{len(list(folder.iterdir()))}.duckdb", settings, records)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings(home=tmp_path / "home")


def state(settings: Settings, links: tuple[Publication, ...]) -> dict[str, str]:
    with connect(":memory:", settings) as connection:
        connection.execute("create schema lake")
        publications.attach(connection, settings, links)
        newest = "select source_record_id, arg_max_null(customer_id, sequence) from lake.published_record group by 1"
        return dict(connection.execute(newest).fetchall())


def test_state_is_the_newest_row_along_the_chain(settings: Settings, tmp_path: Path) -> None:
    publications.append(settings, entry(1, 0, "2026-01-31"), generation(tmp_path, settings, [("C1", "a"), ("C2", "b")]))
    publications.append(settings, entry(2, 1, "2026-02-28"), generation(tmp_path, settings, [("C2", "a"), ("C3", "c")]))
    assert state(settings, publications.chain(settings, date(2026, 2, 28))) == {"C1": "a", "C2": "a", "C3": "c"}
    assert state(settings, publications.chain(settings, date(2026, 1, 31))) == {"C1": "a", "C2": "b"}
    known_at = datetime(2026, 5, 1, 12, tzinfo=SHANGHAI)
    assert [e.sequence for e in publications.chain(settings, date(2026, 2, 28), known_at)] == [1]


def test_one_entry_a_generation_however_often_it_is_published(settings: Settings, tmp_path: Path) -> None:
    file = generation(tmp_path, settings, [("C1", "a")])
    publications.append(settings, entry(1, 0, "2026-01-31"), file)
    publications.append(settings, entry(2, 0, "2026-01-31", "g1"), file)
    assert len(publications.chain(settings, date(2026, 1, 31))) == 1


def test_draft_of_a_killed_publish_is_no_entry(settings: Settings, tmp_path: Path) -> None:
    file = generation(tmp_path, settings, [("C1", "a")])
    draft = settings.lake_dir / "publications" / ".000001-g1.draft"
    draft.mkdir(parents=True)
    (draft / "publication.json").write_text("{")
    assert publications.chain(settings, date(2026, 1, 31)) == ()
    publications.append(settings, entry(1, 0, "2026-01-31"), file)
    assert state(settings, publications.chain(settings, date(2026, 1, 31))) == {"C1": "a"}
    assert not draft.exists()


def test_generation_that_was_overtaken_is_refused(settings: Settings, tmp_path: Path) -> None:
    file = generation(tmp_path, settings, [("C1", "a")])
    publications.append(settings, entry(1, 0, "2026-01-31"), file)
    with pytest.raises(GlifeError, match="came in between"):
        publications.append(settings, entry(2, 0, "2026-01-31"), file)


def test_generation_of_an_earlier_date_goes_on_from_what_was_published_for_it(settings: Settings, tmp_path: Path) -> None:
    """After a rollback: the entry of the later date is no step of the new one's way."""
    publications.append(settings, entry(1, 0, "2026-01-31"), generation(tmp_path, settings, [("C1", "a")]))
    publications.append(settings, entry(2, 1, "2026-02-28"), generation(tmp_path, settings, [("C1", "z")]))
    publications.append(settings, entry(3, 1, "2026-01-31"), generation(tmp_path, settings, [("C2", "b")]))
    assert state(settings, publications.chain(settings, date(2026, 1, 31))) == {"C1": "a", "C2": "b"}
