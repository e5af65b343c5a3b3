"""The reference tables that the business edits: read as people write them, checked before a build, loaded as dbt's seeds.

What a table must be is said once, beside it in the seeds' YAML: the column types, and the very tests that dbt runs on the build
(``unique_combination``, ``periods_do_not_overlap``, ``bands_meet``, ``not_null``, ``accepted_values``), plus under ``meta``
what dbt has no test for: ``adds_up_to`` (column, total), ``complete`` (a column whose every code must hold on every day) and,
of a column, ``codes``, ``separator`` where a value lists several, ``refers_to`` (``table.column`` that knows the values).
So a wrong table is refused with file, row and reason before a build, not in the midst of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from warehouse.errors import GlifeError
from warehouse.settings import Settings
from warehouse.versions import DBT_PROJECT

_SEEDS = DBT_PROJECT / "seeds"
_LINE = "_line"  # of the file, the header is 1
_SHOWN = 5


@dataclass(frozen=True)
class Declaration:
    """What the YAML beside the default table says of it."""

    name: str
    default: Path
    types: dict[str, str]
    tests: dict[str, dict[str, Any]]
    required: frozenset[str]
    codes: dict[str, list[str]]
    separators: dict[str, str]
    references: dict[str, list[str]]  # column → table and column that its values must be in
    meta: dict[str, Any]


def folder_of(settings: Settings) -> Path | None:
    """The business's own folder; None when the defaults of the project hold."""
    return settings.parameters if settings.parameters != Path() else None


def files(*folders: Path | None) -> dict[str, Path]:
    """The file of each table: that of the last folder which has one, else the project's."""
    known = {d.name: d.default for d in declarations()}
    for folder in folders:
        known |= _own(folder, known) if folder else {}
    return known


def _own(folder: Path, known: dict[str, Path]) -> dict[str, Path]:
    if not folder.is_dir():
        raise GlifeError("there is no such folder of parameters", str(folder), "give the folder that holds the CSV files")
    own = {path.stem: path for path in sorted(folder.rglob("*.csv"))}
    if strangers := sorted(set(own) - set(known)):
        raise GlifeError(
            f"there is no parameter table {strangers[0]}", str(own[strangers[0]]), f"the tables are {', '.join(sorted(known))}"
        )
    return own


@cache
def declarations() -> tuple[Declaration, ...]:
    """Every reference table of the project; reading the YAML takes a third of a second."""
    paths = {path.stem: path for path in _SEEDS.rglob("*.csv")}
    seeds = (seed for file in sorted(_SEEDS.rglob("*.yml")) for seed in yaml.safe_load(file.read_text("utf-8")).get("seeds", []))
    return tuple(_declaration(seed, paths[seed["name"]]) for seed in seeds)


def _declaration(seed: dict[str, Any], default: Path) -> Declaration:
    config, columns = seed.get("config", {}), {column["name"]: column for column in seed.get("columns", [])}
    metas = {name: column.get("config", {}).get("meta", {}) for name, column in columns.items()}
    codes = {name: meta["codes"] for name, meta in metas.items() if "codes" in meta}
    required = set()
    for name, column in columns.items():
        for test in column.get("data_tests", []):
            if test == "not_null":
                required.add(name)
            elif "accepted_values" in test:
                codes[name] = test["accepted_values"]["arguments"]["values"]
    tests = {kind: body["arguments"] for test in seed.get("data_tests", []) for kind, body in test.items()}
    return Declaration(
        name=seed["name"],
        default=default,
        types=config.get("column_types", {}),
        tests=tests,
        required=frozenset(required),
        codes={name: [str(code) for code in values] for name, values in codes.items()},
        references={name: meta["refers_to"].split(".") for name, meta in metas.items() if "refers_to" in meta},
        separators={name: meta["separator"] for name, meta in metas.items() if "separator" in meta},
        meta=config.get("meta", {}),
    )


def check(*folders: Path | None) -> dict[str, pl.DataFrame]:
    """All tables, checked and typed; raises GlifeError with file, row and reason of everything that is wrong."""
    found, faults = files(*folders), []
    tables = {}
    for declared in declarations():
        path = found[declared.name]
        try:
            table = _read(path, declared)
        except GlifeError as fault:
            faults.append(str(fault))
            continue
        wrong = list(_faults(table, declared))
        faults += [f"{path.name}, {where}: {what}" for where, what in wrong]
        tables[declared.name] = table
    for declared in declarations():
        for name, (other, column) in declared.references.items():
            if declared.name in tables and other in tables:
                codes = tables[other][column].drop_nulls().unique().sort().to_list()
                unknown = _unknown(tables[declared.name], name, codes, declared.separators.get(name))
                faults += [f"{found[declared.name].name}, {where}: {what}" for where, what in unknown]
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise GlifeError(
            f"parameters are refused: {'; '.join(faults[:_SHOWN])}{more}",
            str(next((folder for folder in reversed(folders) if folder), _SEEDS)),
            "mend the table; nothing was built",
        )
    return tables


def load_in_force(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Check the tables that hold for ``settings``, and put them into schema ``reference``."""
    load(connection, check(folder_of(settings)))


def load(connection: duckdb.DuckDBPyConnection, tables: dict[str, pl.DataFrame]) -> None:
    """Put the tables into schema ``reference``, where the models look for them."""
    connection.execute("create schema if not exists reference")
    for declared in declarations():
        columns = [name for name in tables[declared.name].columns if name != _LINE]
        delivered = tables[declared.name].select(columns)
        casts = ", ".join(f'"{name}"::{declared.types.get(name, "varchar")} as "{name}"' for name in columns)
        connection.register("_parameters", delivered.to_arrow())
        connection.execute(f'create or replace table reference."{declared.name}" as select {casts} from _parameters')
        connection.unregister("_parameters")


def _read(path: Path, declared: Declaration) -> pl.DataFrame:
    """The file as text, forgiving what Excel leaves in it: byte-order mark, CR LF, blanks, blank lines, 2026/1/31."""
    try:
        table = pl.read_csv(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (
            "is not UTF-8 text" if "utf" in str(error).lower() else "is no table: every row needs as many fields as the header"
        )
        raise GlifeError(f"{path.name} {reason}", str(path), "save it from Excel as 'CSV UTF-8'") from None
    table = table.rename({name: name.strip() for name in table.columns}).with_row_index(_LINE, offset=2)
    expected = list(declared.types) or pl.read_csv(declared.default, n_rows=0).columns
    given = [name for name in table.columns if name != _LINE]
    if missing := [name for name in expected if name not in given]:
        raise GlifeError(f"{path.name}: column {missing[0]} is missing", str(path), f"the columns are {', '.join(expected)}")
    if strange := [name for name in given if name not in expected and table[name].drop_nulls().str.strip_chars().ne("").any()]:
        raise GlifeError(f"{path.name}: there is no column {strange[0]}", str(path), f"the columns are {', '.join(expected)}")
    texts = table.select(_LINE, pl.col(expected).str.strip_chars().replace("", None))
    dates = [name for name, kind in declared.types.items() if kind == "date"]
    texts = texts.with_columns(
        pl.col(dates).str.replace(r"^(\d{4})/(\d{1,2})/(\d{1,2})$", "$1-0$2-0$3").str.replace_all(r"-0(\d\d)", "-$1")
    )
    return texts.filter(~pl.all_horizontal(pl.col(expected).is_null()))


def _faults(table: pl.DataFrame, declared: Declaration) -> Iterator[tuple[str, str]]:
    unreadable = list(_wrong_values(table, declared))
    yield from unreadable
    if not unreadable:  # dates and bounds that cannot be read cannot be compared either
        with duckdb.connect() as connection:
            _open(connection, table, declared)
            yield from _wrong_rows(connection, declared)
            yield from _wrong_days(connection, declared)


def _wrong_values(table: pl.DataFrame, declared: Declaration) -> Iterator[tuple[str, str]]:
    """Values that are missing, of the wrong type, or no code of the column."""
    if table.is_empty():
        yield "row 2", "the table has no rows"
    with duckdb.connect() as connection:
        connection.register("given", table.to_arrow())
        for name, kind in declared.types.items():
            broken = f'select {_LINE}, "{name}" from given where "{name}" is not null and {_unlike(name, kind)} order by 1'
            for line, value in connection.execute(broken).fetchall():
                yield f"row {line}", f"{name} {value!r} is no {kind}"
    for name in sorted(declared.required & set(table.columns)):
        for (line,) in table.filter(pl.col(name).is_null()).select(_LINE).iter_rows():
            yield f"row {line}", f"{name} is empty"
    for name, codes in declared.codes.items():
        yield from _unknown(table, name, codes, declared.separators.get(name))


def _unknown(table: pl.DataFrame, name: str, codes: list[str], separator: str | None) -> Iterator[tuple[str, str]]:
    values = pl.col(name).str.split(separator) if separator else pl.concat_list(name)
    single = table.select(_LINE, values.alias(name)).explode(name)
    for line, value in single.filter(pl.col(name).is_not_null() & ~pl.col(name).is_in(codes)).iter_rows():
        yield f"row {line}", f"{name} {value!r} is unknown; known are {', '.join(codes)}"


def _unlike(name: str, kind: str) -> str:
    """SQL that is true where a text does not stand for a value of the type, exactly: 5.5 is no integer."""
    value = f'"{name}"'
    if kind.startswith("decimal"):
        scale = int(kind.rstrip(")").split(",")[1])
        return f"(try_cast({value} as {kind}) is null or not regexp_full_match({value}, '[+-]?[0-9]*[.]?[0-9]{{0,{scale}}}0*'))"
    if kind == "integer":
        return f"(try_cast({value} as integer) is null or not regexp_full_match({value}, '[+-]?[0-9]+'))"
    if kind == "date":
        return f"(try_cast({value} as date) is null or not regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'))"
    return f"try_cast({value} as {kind}) is null"


def _open(connection: duckdb.DuckDBPyConnection, table: pl.DataFrame, declared: Declaration) -> None:
    connection.register("given", table.to_arrow())
    casts = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in declared.types.items()) or "* exclude (_line)"
    connection.execute(f"create table rows as select {_LINE} as line, {casts} from given")
    if "valid_from" in declared.types:
        connection.execute(
            "create view days as select valid_from as day from rows union select valid_to from rows where valid_to is not null"
        )
        connection.execute(
            "create view held as select days.day, rows.* from days join rows "
            "on rows.valid_from <= days.day and (rows.valid_to is null or days.day < rows.valid_to)"
        )


def _wrong_rows(connection: duckdb.DuckDBPyConnection, declared: Declaration) -> Iterator[tuple[str, str]]:
    """Keys that repeat, periods that end before they begin or overlap."""
    if keys := declared.tests.get("unique_combination", {}).get("columns"):
        same = f"select max(line), min(line) from rows group by {_list(keys)} having count(*) > 1 order by 1"
        for line, first in connection.execute(same).fetchall():
            yield f"row {line}", f"the same {', '.join(keys)} as in row {first}"
    if "periods_do_not_overlap" in declared.tests:
        for (line,) in connection.execute("select line from rows where valid_to <= valid_from order by 1").fetchall():
            yield f"row {line}", "valid_to is not after valid_from"
        keys = declared.tests["periods_do_not_overlap"].get("columns", [])
        overlap = (
            f"select max(line), min(line), min(day) from held group by {_list(['day', *keys])} having count(*) > 1 order by 1, 3"
        )
        pairs: dict[tuple[int, int], Any] = {}
        for line, first, day in connection.execute(overlap).fetchall():
            pairs.setdefault((line, first), day)
        for (line, first), day in pairs.items():
            yield f"row {line}", f"holds on {day} together with row {first}: their dates overlap"


def _wrong_days(connection: duckdb.DuckDBPyConnection, declared: Declaration) -> Iterator[tuple[str, str]]:
    """Days on which bands do not meet, shares do not add up, or a code that must always hold is missing."""
    if "bands_meet" in declared.tests:
        yield from _bands(connection, declared.tests["bands_meet"].get("columns", []), "is_null_band" in declared.types)
    if total := declared.meta.get("adds_up_to"):
        column, value = total["column"], total["total"]
        wrong = f"select max(line), day, sum({column}) from held group by day having sum({column}) <> {value} order by day"
        for line, day, found in connection.execute(wrong).fetchall():
            yield f"row {line}", f"{column} adds up to {found} on {day}, not to {value}"
    if column := declared.meta.get("complete"):
        missing = (
            f"select max_line, days.day, codes.code from days cross join (select unnest(?) as code) codes "
            f"cross join (select max(line) as max_line from rows) "
            f"anti join held on held.day = days.day and held.{column}::varchar = codes.code order by 2, 3"
        )
        for line, day, code in connection.execute(missing, [declared.codes[column]]).fetchall():
            yield f"row {line}", f"no row says what holds for {column} {code} on {day}"


def _bands(connection: duckdb.DuckDBPyConnection, columns: list[str], has_null_bands: bool) -> Iterator[tuple[str, str]]:
    keys = _list(["day", *(c for c in columns if c != "is_null_band")])
    found = connection.execute(
        f"""
        with bands as (
            select *, lag(line) over neighbours as line_before, lag(upper_bound) over neighbours as upper_before,
                row_number() over neighbours as nth, count(*) over (partition by {keys}) as bands
            from held {"where not is_null_band" if has_null_bands else ""}
            window neighbours as (partition by {keys} order by lower_bound nulls first, upper_bound nulls last)
        )
        select line, line_before, lower_bound, upper_before, upper_bound, nth, bands, min(day) as since
        from bands
        where (nth = 1 and lower_bound is not null) or (nth = bands and upper_bound is not null)
            or (nth > 1 and lower_bound is distinct from upper_before) or lower_bound >= upper_bound
        group by all order by since, line
        """
    ).fetchall()
    seen = set()
    for line, before, lower, upper_before, upper, nth, _, since in found:
        if nth == 1 and lower is not None:
            what = f"nothing holds below {_number(lower)}: the first band must be open below"
        elif lower is not None and upper is not None and lower >= upper:
            what = f"the band ends at {_number(upper)} before it begins at {_number(lower)}"
        elif nth > 1 and lower != upper_before:
            is_gap = upper_before is not None and lower is not None and lower > upper_before
            what = f"the band begins at {_number(lower)} where that of row {before} ends at {_number(upper_before)}"
            what += ": a gap" if is_gap else ": an overlap"
        else:
            what = f"nothing holds from {_number(upper)} on: the last band must be open above"
        if (line, what) not in seen:
            seen.add((line, what))
            yield f"row {line}", f"{what} (on {since})"


def _number(value: Any) -> str:
    return "the open end" if value is None else f"{value.normalize():f}"


def _list(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns) or "1"


def version(folder: Path | None) -> str:
    """Hash over the tables that hold."""
    lines = (f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in sorted(files(folder).items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]
