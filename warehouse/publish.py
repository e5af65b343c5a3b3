"""Publishing: from a build that passed its gate to a generation that readers see, by one rename.

Two files, since DuckDB has no roles: ``analyst.duckdb`` without direct identifiers, ``restricted.duckdb`` with
everything. Which column goes where is said by the dbt models' ``meta`` alone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import keys, publications, runlog
from warehouse.build import BuildPlan, build_file, dbt_target, require_same_code
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import fsync_file, fsync_folder, lock, replace_link, write_json
from warehouse.settings import Settings

# Schemas of a build that are copied, and the file that gets them.
_ANALYST_SCHEMAS = ("mart", "reference")
_RESTRICTED_SCHEMAS = ("mart", "reference", "core", "identity")
_PARAMETERS = "reference"  # the business's own tables: no personal data, open to analysts

# Identity must know whom it leaves out; a generation must not. Tables that nobody reads there and that do not say by a record's
# key or number whose a row is are not published; of the others, the rows of erased persons.
_UNPUBLISHED = {
    "int_identity__bearer",
    "int_identity__blocked_value",
    "int_identity__family",
    "int_identity__crm_row",
    "int_identity__gone_record",
    "int_identity__guard",
    "int_identity__nobodys_value",
    "int_identity__mobile",
    "int_identity__name",
    "int_identity__party",
    "int_identity__place",
    "int_identity__source_record",
    "int_identity__system_record",
}
_RECORD_NUMBERS = ("record_no", "record_a", "record_b", "other_no", "other_record_no", "nucleus_no", "other_nucleus_no")
_ERASED = """
create temp table erased as
select erased.record_key, records.record_no
from "{build}".identity.int_identity__erased_record as erased
left join "{build}".identity.int_identity__standard_record as records on erased.record_key = records.record_key
"""

# Followers' openids, hashes over what a salesperson wrote and hash-made broker ids (16 hex digits) can be looked up or
# reversed, so analysts see a keyed pseudonym in their place (published.md, customer_source).
_ANALYST_RECORD_ID = """
create temp macro analyst_record_id(source_system, source_record_id) as case
    when starts_with(source_system, 'wechat_')
        or (source_system = 'crm' and starts_with(source_record_id, 'tag:'))
        or (source_system = 'channel_broker' and regexp_matches(source_record_id, ':[0-9a-f]{16}$'))
        then glife_hmac('record' || chr(31) || source_system || chr(31) || source_record_id)
    else source_record_id
end
"""


@dataclass(frozen=True)
class Generation:
    """One published state of the warehouse."""

    folder: Path
    generation_id: str
    as_of: str
    is_current: bool


def generation_folder(settings: Settings, generation_id: str) -> Path:
    return settings.generations_dir / generation_id


def is_published(settings: Settings, generation_id: str) -> bool:
    """True when the generation lies complete on disk: its folder was renamed into place, so it is whole."""
    return (generation_folder(settings, generation_id) / "generation.json").is_file()


def current_generation(settings: Settings) -> Generation | None:
    """The generation that readers see now, or None before the first publish."""
    if not settings.current.exists():
        return None
    content = _content(settings.current)
    return Generation(settings.current.resolve(), content["generation_id"], content["as_of"], True)


def gate_file(settings: Settings, plan: BuildPlan) -> Path:
    return build_file(settings, plan).with_suffix(".gate.json")


def publish(settings: Settings, plan: BuildPlan) -> Generation:
    """Make the generation of ``plan`` and, unless it describes an earlier date than the current one, switch to it.

    Killed anywhere, readers keep the old generation and the next run goes on. Publishing what is published already
    changes nothing. Raises GlifeError when the build did not pass its gate.
    """
    with lock(settings.generations_dir / ".lock", "publishing"):
        if not is_published(settings, plan.generation_id):
            _require_passed_gate(settings, plan)
            _make_generation(settings, plan)
        return _switch(settings, plan)


def rollback(settings: Settings, generation_id: str | None, name: str, reason: str) -> Generation:
    """Let readers see again what they saw before, by default the generation before the current one; logged.

    Those shown after it are withdrawn: a run that finds one again does not switch back to it, while a run on other inputs
    (a corrected delivery, other code) publishes a new generation. Going to a withdrawn generation takes that back. Raises
    GlifeError when readers never saw such a generation, or it is no longer kept.
    """
    with lock(settings.generations_dir / ".lock", "publishing"):
        current = current_generation(settings)
        if current is None:
            raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
        shown = [path for path in kept(settings) if _shown(path).is_file() or path == current.folder]
        shown.sort(key=_shown_at)
        before = [path for path in shown[: shown.index(current.folder)] if not _withdrawn(path).is_file()]
        wanted = [path for path in shown if path.name == generation_id] if generation_id else before[-1:]
        if not wanted or wanted == [current.folder]:
            known = ", ".join(path.name for path in shown if path != current.folder) or "none but the current one"
            raise GlifeError("there is no such generation to go to", generation_id or "rollback", f"readers saw {known}")
        (chosen,) = wanted
        for folder in shown[shown.index(chosen) + 1 :]:
            write_json(_withdrawn(folder), {"at": runlog.now().isoformat(), "by": name, "reason": reason})
        _withdrawn(chosen).unlink(missing_ok=True)
        replace_link(settings.current, chosen)
        runlog.log(settings, "rolled_back", to=chosen.name, instead_of=current.generation_id, by=name, reason=reason)
        return Generation(chosen, chosen.name, _content(chosen)["as_of"], True)


def _shown(folder: Path) -> Path:
    """When readers saw a generation first; back-fills lie beside and never were shown."""
    return folder / "shown.json"


def _withdrawn(folder: Path) -> Path:
    """Who withdrew a generation and why."""
    return folder / "withdrawn.json"


def _shown_at(folder: Path) -> str:
    mark = _shown(folder)
    return json.loads(mark.read_text(encoding="utf-8"))["at"] if mark.is_file() else _content(folder)["published_at"]


def _content(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "generation.json").read_text(encoding="utf-8"))


def kept(settings: Settings) -> list[Path]:
    """The folders of the generations on disk, in the order in which they were published."""
    folders = [path.resolve() for path in settings.generations_dir.iterdir() if (path / "generation.json").is_file()]
    return sorted(folders, key=lambda path: _content(path)["published_at"])


def _require_passed_gate(settings: Settings, plan: BuildPlan) -> None:
    gate = gate_file(settings, plan)
    if not gate.is_file():
        raise GlifeError("the build has not been checked", str(build_file(settings, plan)), "run `glife check` first")
    if not json.loads(gate.read_text(encoding="utf-8"))["passed"]:
        raise GlifeError("the build did not pass its gate", str(gate), "see `glife status`; the old generation stays")


def _make_generation(settings: Settings, plan: BuildPlan) -> None:
    require_same_code(plan)
    final = generation_folder(settings, plan.generation_id)
    draft = final.with_name(f".{final.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(final, ignore_errors=True)
    draft.mkdir(parents=True)
    columns = column_rules(settings)
    source = build_file(settings, plan)
    _copy(settings, source, draft / "analyst.duckdb", _ANALYST_SCHEMAS, columns)
    _copy(settings, source, draft / "restricted.duckdb", _RESTRICTED_SCHEMAS, None)
    (draft / "restricted.duckdb").chmod(0o600)
    write_json(draft / "columns.json", columns)  # what may leave, for the exports
    write_json(draft / "generation.json", {**plan.as_json(), "published_at": runlog.now().isoformat()})
    fsync_folder(draft)
    draft.rename(final)
    fsync_folder(final.parent)


def column_rules(settings: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    """Model name → column name → its ``meta`` and description, as dbt's manifest has them."""
    manifest = dbt_target(settings) / "manifest.json"
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        node["name"]: {
            name: {
                **(column.get("config", {}).get("meta") or column.get("meta") or {}),
                "description": column["description"],
            }
            for name, column in node["columns"].items()
        }
        for node in nodes
        if node["resource_type"] == "model"
    }


def _copy(
    settings: Settings,
    source: Path,
    target: Path,
    schemas: tuple[str, ...],
    rules: dict[str, dict[str, dict[str, Any]]] | None,
) -> None:
    """Copy tables into a new database file; with ``rules``, only what an analyst may see."""
    connection = connect(target, settings)
    try:
        keys.register(connection, keys.load_key(settings))
        connection.execute(_ANALYST_RECORD_ID)
        build = source.stem
        connection.execute(f"attach '{_quoted(source)}' as \"{build}\" (read_only)")
        if "identity" in schemas:
            connection.execute(_ERASED.format(build=build))
        for schema, table, columns in _tables(connection, build, schemas):
            is_open = rules is None or schema == _PARAMETERS
            expressions = columns if is_open else _analyst_columns(table, columns, rules or {})
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(
                f'create table "{schema}"."{table}" as select {", ".join(expressions)} from "{build}"."{schema}"."{table}" '
                f"where {_not_of_the_erased(schema, table, columns)}"
            )
        connection.execute(f'detach "{build}"')
        connection.execute("checkpoint")
    finally:
        connection.close()
    fsync_file(target)


def _not_of_the_erased(schema: str, table: str, columns: list[str]) -> str:
    """Condition that leaves the records of erased persons out of the identity tables; their keys stay, as what to leave out."""
    if schema != "identity" or table == "int_identity__erased_record":
        return "true"
    names = {quoted.strip('"') for quoted in columns}
    told_by = [("record_key", "record_key")] if "record_key" in names else []
    told_by += [(name, "record_no") for name in _RECORD_NUMBERS if name in names]
    parts = [f"coalesce({name} not in (select {kind} from erased where {kind} is not null), true)" for name, kind in told_by]
    return " and ".join(parts) or "true"


def _tables(connection: duckdb.DuckDBPyConnection, build: str, schemas: tuple[str, ...]) -> Iterator[tuple[str, str, list[str]]]:
    rows = connection.execute(
        "select schema_name, table_name, list('\"' || column_name || '\"' order by column_index) from duckdb_columns() "
        "where database_name = ? and list_contains(?, schema_name) group by all order by all",
        [build, list(schemas)],
    ).fetchall()
    yield from (row for row in rows if row[1] not in _UNPUBLISHED)


def _analyst_columns(table: str, columns: list[str], rules: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Select list for analysts. A column that no model declares is left out: silence is not permission."""
    declared = rules.get(table, {})
    expressions = []
    for quoted in columns:
        rule = declared.get(quoted.strip('"'), {})
        if rule.get("audience") == "analyst":
            expressions.append(f"{_pseudonym(quoted)} as {quoted}" if rule.get("pseudonymise") else quoted)
    if not expressions:
        raise GlifeError(f"no column of {table} is declared for analysts", "dbt_project/models/marts", "add meta.audience")
    return expressions


def _pseudonym(quoted: str) -> str:
    """Expression for a column that holds record ids of which some identify a person by themselves."""
    name = quoted.strip('"')
    if name.startswith("source_record_id"):  # source_record_id_a is a record of source_system_a
        return f"analyst_record_id({name.replace('source_record_id', 'source_system')}, {name})"
    if name == "matched_to":  # system:record
        system, record = "split_part(matched_to, ':', 1)", "substr(matched_to, strpos(matched_to, ':') + 1)"
        return f"({system} || ':' || analyst_record_id({system}, {record}))"
    return f"glife_hmac({quoted})"


def _switch(settings: Settings, plan: BuildPlan) -> Generation:
    folder = generation_folder(settings, plan.generation_id)
    current = current_generation(settings)
    is_beside = current is not None and plan.as_of.isoformat() < current.as_of
    is_beside = is_beside or plan.known_at is not None or _withdrawn(folder).is_file()
    if not is_beside:
        _remember(settings, plan)
    if not is_beside and (current is None or current.folder != folder.resolve()):
        if not _shown(folder).is_file():
            write_json(_shown(folder), {"at": datetime.now(runlog.SHANGHAI).isoformat()})
        replace_link(settings.current, folder)
        runlog.log(settings, "published", generation_id=plan.generation_id, as_of=plan.as_of)
    if not is_beside:
        _prune(settings)
    else:
        runlog.log(settings, "made beside the current generation", generation_id=plan.generation_id, as_of=plan.as_of)
    return Generation(folder, plan.generation_id, plan.as_of.isoformat(), not is_beside)


def _remember(settings: Settings, plan: BuildPlan) -> None:
    """Enter the generation in the publication log before readers see it: what they have seen is in the log."""
    entry = publications.Publication(
        sequence=publications.next_sequence(settings),
        base=plan.base_publication,
        generation_id=plan.generation_id,
        as_of=plan.as_of,
        published_at=runlog.now(),
        code_version=plan.code_version,
        parameter_version=plan.parameter_version,
        lake_fingerprint=plan.lake_fingerprint,
    )
    publications.append(settings, entry, generation_folder(settings, plan.generation_id) / "restricted.duckdb")


def _prune(settings: Settings) -> None:
    """Remove the oldest generations beyond the kept number, never the current one; published builds; what older code parsed.

    Those that were made beside the current one are counted apart: a daily run takes none from whoever asked for one, and asking
    for many takes none of the daily ones.
    """
    current = settings.current.resolve()
    remembered = publications.generation_ids(settings)
    for is_beside in (False, True):
        own = [path for path in kept(settings) if (path.name not in remembered) == is_beside and path != current]
        for path in own[: max(len(own) - settings.keep_generations + (not is_beside), 0)]:
            remove(path)
    for build in settings.build_dir.glob("*.duckdb"):  # last month's end too: <generation>.previous.duckdb
        if is_published(settings, build.name.split(".")[0]):
            build.unlink()
    for folder in settings.build_dir.glob("dbt-*"):
        if folder != dbt_target(settings):
            shutil.rmtree(folder)


def remove(generation: Path) -> None:
    """Take a generation away whole: killed on the way, nobody finds half of it."""
    doomed = generation.with_name(f".{generation.name}.removed")
    generation.rename(doomed)
    shutil.rmtree(doomed)


@contextmanager
def reader(
    settings: Settings, file_name: str = "analyst.duckdb", generation_id: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read-only connection to a file of the current generation, or of another; SQL on it cannot read other files."""
    connection = connect(find_generation(settings, generation_id) / file_name, settings, read_only=True)
    try:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def find_generation(settings: Settings, generation_id: str | None = None) -> Path:
    """Folder of the current generation, or of the newest whose id begins so: 20260331 is the last made as of that date."""
    if not settings.current.exists():
        raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
    if generation_id is None:
        return settings.current.resolve()
    folders = kept(settings)
    found = [path for path in folders if path.name.startswith(generation_id)]
    if not found:
        known = ", ".join(path.name for path in folders)
        raise GlifeError(f"there is no generation {generation_id}", str(settings.generations_dir), f"there are {known}")
    return found[-1]


def _quoted(path: Path) -> str:
    return os.fspath(path).replace("'", "''")
