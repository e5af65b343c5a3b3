"""What other thresholds or rules of identity would change, without publishing anything.

A rehearsal builds staging and identity once more, in a file of its own that is thrown away, from the lake that the current
generation was made of, and compares who is who with that generation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse import build
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.publish import current_generation
from warehouse.settings import Settings


class Change(BaseModel):
    """What to try: values of identity_parameter, and probabilities of rules (0 turns a rule off)."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, float] = Field(default_factory=dict)
    rules: dict[str, Annotated[float, Field(ge=0, lt=1)]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Rehearsal:
    """What would be otherwise. Examples are rows of (record, record, rule that links them, or null)."""

    generation_id: str
    customers: tuple[int, int]
    probable_links: tuple[int, int]
    gained: int
    lost: int
    merged: int
    split: int
    links_by_rule: list[tuple[str, int, int]]
    gained_examples: list[tuple[str, str, str | None]]
    lost_examples: list[tuple[str, str, str | None]]


def read_change(path: Path) -> Change:
    """The change that a YAML file asks for; raises GlifeError when it is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Change.model_validate(content)
    except OSError as error:
        raise GlifeError(f"cannot be read ({error.strerror})", str(path), "name a YAML file") from None
    except yaml.YAMLError:
        raise GlifeError("is not YAML", str(path), "write `parameters:` and `rules:`, each with names and numbers") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise GlifeError(f"{where}: {first['msg']}", str(path), "it holds `parameters` and `rules`, names with numbers") from None


def rehearse(settings: Settings, change: Change, examples: int) -> Rehearsal:
    """Build identity with ``change`` beside the current generation, compare, and leave nothing behind."""
    current = current_generation(settings)
    if current is None:
        raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
    plan = build.plan_build(settings, date.fromisoformat(current.as_of))
    if plan.generation_id != current.generation_id:
        what = "deliveries, code or parameters are not those of the current generation any more"
        raise GlifeError(what, str(settings.current), "run `glife run` first, so that only the rehearsed change is seen")
    target = settings.home / "tmp" / f"rehearsal-{current.generation_id}.duckdb"
    try:
        build.build_identity(settings, plan, target, lambda connection: apply(connection, change))
        with connect(target, settings) as connection:
            before = str(current.folder / "restricted.duckdb").replace("'", "''")
            connection.execute(f"attach '{before}' as before (read_only)")
            return compare(connection, current.generation_id, examples)
    finally:
        target.unlink(missing_ok=True)
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)


def apply(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """Change the reference tables of a build file; raises GlifeError for a name that they lack."""
    for table, key, value, asked in (
        ("identity_parameter", "parameter", "value", change.parameters),
        ("identity_evidence", "rule", "probability", change.rules),
    ):
        known = {name for (name,) in connection.execute(f"select distinct {key} from reference.{table}").fetchall()}
        if unknown := sorted(asked.keys() - known):
            folded = {name.casefold(): name for name in known}
            near = [folded[name] for asked_for in unknown for name in get_close_matches(asked_for.casefold(), folded)]
            remedy = f"near to it are {', '.join(near)}" if near else "its names are in the seed"
            raise GlifeError(f"there is no {key} {', '.join(unknown)}", f"reference.{table}", remedy)
        for name, number in asked.items():
            connection.execute(f"update reference.{table} set {value} = ? where {key} = ?", [number, name])


def compare(connection: duckdb.DuckDBPyConnection, generation_id: str, examples: int) -> Rehearsal:
    """Compare the rehearsed build with the generation attached as ``before``."""
    connection.execute(_COMPARED)

    def one(sql: str) -> tuple[Any, ...]:
        return connection.execute(sql).fetchone() or ()

    def some(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    return Rehearsal(
        generation_id=generation_id,
        customers=one("select count(distinct old_id), count(distinct new_id) from who"),
        probable_links=one("select (select count(*) from before.mart.probable_link), (select count(*) from core.probable_link)"),
        gained=one("select count(*) from gained")[0],
        lost=one("select count(*) from lost")[0],
        merged=one(
            "select coalesce(sum(olds - 1), 0)::bigint from (select count(distinct old_id) as olds from who group by new_id)"
        )[0],
        split=one(
            "select coalesce(sum(news - 1), 0)::bigint from (select count(distinct new_id) as news from who group by old_id)"
        )[0],
        links_by_rule=some(_LINKS_BY_RULE),
        gained_examples=some(_EXAMPLES.format(pairs="gained", database="", limit=examples)),
        lost_examples=some(_EXAMPLES.format(pairs="lost", database="before.", limit=examples)),
    )


_COMPARED = """
create temp table who as
select record_key, old.customer_id as old_id, new.customer_id as new_id
from before.identity.int_identity__customer_record as old
join identity.int_identity__customer_record as new using (record_key);

create temp table gained as
select a.record_key as record_a, b.record_key as record_b
from who as a join who as b on a.new_id = b.new_id and a.record_key < b.record_key and a.old_id <> b.old_id;

create temp table lost as
select a.record_key as record_a, b.record_key as record_b
from who as a join who as b on a.old_id = b.old_id and a.record_key < b.record_key and a.new_id <> b.new_id;
"""

_LINKS_BY_RULE = """
with was as (select rule, count(*) as links from before.identity.int_identity__link group by rule),
now as (select rule, count(*) as links from identity.int_identity__link group by rule)
select rule, coalesce(was.links, 0), coalesce(now.links, 0)
from was full join now using (rule) where was.links is distinct from now.links order by rule
"""

# Pairs with a link of their own first: those say why.
_EXAMPLES = """
with links as (
    select a.record_key as one, b.record_key as other, found.rule
    from {database}identity.int_identity__link as found
    join {database}identity.int_identity__person_record as a on found.record_a = a.record_no
    join {database}identity.int_identity__person_record as b on found.record_b = b.record_no
)
select record_a, record_b, links.rule
from {pairs} left join links on least(one, other) = record_a and greatest(one, other) = record_b
order by links.rule is null, record_a, record_b limit {limit}
"""


def lines(found: Rehearsal) -> Iterator[str]:
    """A rehearsal for readers."""
    yield f"rehearsed beside {found.generation_id}; nothing was published"
    moves = f"{found.merged:,} merged, {found.split:,} split off"
    yield f"customers: {found.customers[0]:,} now, {found.customers[1]:,} then ({moves})"
    yield f"pairs of records of one customer: {found.gained:,} gained, {found.lost:,} lost"
    yield f"probable links: {found.probable_links[0]:,} now, {found.probable_links[1]:,} then"
    yield from (f"links by {rule}: {was:,} now, {now:,} then" for rule, was, now in found.links_by_rule)
    for title, pairs in (("gained", found.gained_examples), ("lost", found.lost_examples)):
        yield from (f"{title}: {one} and {other} ({rule or 'through others'})" for one, other, rule in pairs)
    if found.lost_examples:
        yield "see why a lost pair is one customer now: glife explain --pair A B"
