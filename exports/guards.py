"""Limits on how far a list may move from what its recipient holds; beyond them it is HELD until someone releases it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from exports.lists import Lists, Recipient
from exports.package import Package


def breaches(lists: Lists, recipient: Recipient, base: Package | None, sent: Sequence[Package]) -> list[str]:
    """Why the list must be held, each with its causes, the most frequent first; empty when it may go.

    ``base`` is the package that the recipient accepted last, ``sent`` those that were sent to it, oldest first. A first
    list has nothing to break.
    """
    ((held, listed, moved, removed, came),) = lists.rows(
        "select count(*) filter (where change <> 'NEW'), count(*) filter (where change <> 'REMOVED'), "
        "count(*) filter (where previous_tier <> tier), count(*) filter (where change = 'REMOVED'), "
        "count(*) filter (where change = 'NEW') from package_line where recipient = ?",
        recipient.code,
    )
    guards = lists.audience.guards
    before = sent[-1].manifest.get("customers", 0) if sent else 0
    found = []
    if listed == 0 and max(held, before) > 0:
        found.append(f"EMPTY: nobody is left of {max(held, before)} customers; {_causes(lists, recipient, _LEFT)}")
    elif held >= guards.smallest_list:
        for name, count, limit, causes in (
            ("MOVED", moved, guards.moved_share, _MOVED),
            ("REMOVED", removed, guards.removed_share, _LEFT),
            ("GROWN", came, guards.grown_share, _CAME),
        ):
            if count > limit * held:
                share = f"{count} of {held} lines ({count / held:.1%}, limit {limit:.0%})"
                found.append(f"{name}: {share}; {_causes(lists, recipient, causes)}")
    if listed and before >= guards.smallest_list and abs(listed - before) > guards.size_share * before:
        found.append(f"SIZE: {listed} customers, {before} on {sent[-1].package_id} (limit {guards.size_share:.0%} more or fewer)")
    if found:
        found += _background(lists, base or (sent[-1] if sent else None))
    return found


# Each names the causes of one kind of movement; the most frequent are told first.
_MOVED = (
    "select previous_tier_name || ' → ' || tier_name || ' by ' || move_rule || coalesce(' (' || move_cause || ')', '') "
    "from package_line where recipient = ? and previous_tier <> tier"
)
_LEFT = "select split_part(change_reason, ' ', 1) from package_line where recipient = ? and change = 'REMOVED'"
_CAME = "select 'into ' || tier_name from package_line where recipient = ? and change = 'NEW'"


def _causes(lists: Lists, recipient: Recipient, query: str) -> str:
    rows = lists.rows(
        f"select cause, count(*) as n from ({query}) as causes (cause) group by cause order by n desc, cause limit 5",
        recipient.code,
    )
    return "causes: " + (", ".join(f"{cause} {count}" for cause, count in rows) or "a list was sent, none accepted")


def _background(lists: Lists, earlier: Package | None) -> Iterator[str]:
    """What may lie behind a movement: other parameters, other rules, sources that are late."""
    if earlier is not None:
        versions = earlier.manifest.get("versions", lists.versions)
        if versions["parameter_version"] != lists.versions["parameter_version"]:
            tables = _changed_parameters(lists, earlier.manifest["generation_id"])
            yield f"PARAMETERS changed since {earlier.package_id}: {', '.join(tables) or 'which ones is not known any more'}"
        if versions["code_version"] != lists.versions["code_version"]:
            yield f"RULES: the code changed since {earlier.package_id}"
    yield from (f"LATE: {source}" for source in lists.late)


def _changed_parameters(lists: Lists, generation_id: str) -> list[str]:
    """Reference tables that differ from those of an earlier generation, as far as that is still on disk."""
    file = _generation_file(lists.generation_dir, generation_id)
    if not file.is_file():
        return []
    name = str(file).replace("'", "''")
    lists.connection.execute(f"attach if not exists '{name}' as earlier (read_only)")
    try:
        tables = [row[0] for row in lists.rows(_REFERENCE_TABLES)]
        return [table for table in tables if _differs(lists, table)]
    finally:
        lists.connection.execute("detach earlier")


_REFERENCE_TABLES = (
    "select table_name from duckdb_tables() where schema_name = 'reference' and database_name in ('gen', 'earlier') "
    "group by table_name having count(*) = 2 order by table_name"
)


def _generation_file(generation_dir: Path, generation_id: str) -> Path:
    return generation_dir.parent / generation_id / "restricted.duckdb"


def _differs(lists: Lists, table: str) -> bool:
    sides = [
        f'select row_text from (select to_json(t)::varchar as row_text from {db}.reference."{table}" as t)'
        for db in ("gen", "earlier")
    ]
    ((different,),) = lists.rows(f"select exists(({sides[0]} except {sides[1]}) union all ({sides[1]} except {sides[0]}))")
    return bool(different)
