"""The command line: ``glife``. Each command calls one public function and says what came of it."""

from __future__ import annotations

import getpass
import json
import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from warehouse.errors import GlifeError
from warehouse.settings import Settings, get_settings

app = typer.Typer(
    name="glife",
    help="G Life customer warehouse: deliveries in, a published warehouse, tier lists out.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
identity_app = typer.Typer(help="Who is who: try other rules.", rich_markup_mode=None)
app.add_typer(identity_app, name="identity")
_OUT = Console(soft_wrap=True, highlight=False)
_FAILED, _INTERRUPTED = 1, 130

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help="Business date to describe; default the newest."),
]


class Format(StrEnum):
    """Ways to show a query's result."""

    table = "table"
    csv = "csv"
    json = "json"


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show stack traces and dbt's chatter.")] = False,
) -> None:
    """G Life customer warehouse."""
    _log_to_stderr(debug)


@app.command()
def run(
    as_of: AsOf = None,
    known_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only deliveries accepted by TIME; lies beside the current generation.")
    ] = None,
) -> None:
    """The whole DAG, in process, on all complete deliveries up to DATE."""
    from warehouse import local_run, status
    from warehouse.run import parse_time

    settings, moment = get_settings(), parse_time(known_at)
    text = as_of.date().isoformat() if as_of else None
    try:
        generation = local_run.run_dag(settings, {"as_of": text, "known_at": moment.isoformat() if moment else None})
    finally:
        status.print_deliveries(settings, _OUT, only_troubled=True)
    status.print_generation(settings, generation, _OUT)


@app.command()
def ingest(sources: Annotated[list[str] | None, typer.Argument(help="Sources; default all.")] = None, as_of: AsOf = None) -> None:
    """Read complete deliveries into the lake."""
    from ingest import run as ingestion
    from warehouse import status

    settings = get_settings()
    ingestion.ingest_all(settings, sources or None, as_of.date() if as_of else None)
    status.print_deliveries(settings, _OUT, only_troubled=False)


@app.command()
def build(as_of: AsOf = None) -> None:
    """Build the warehouse from the lake; nothing is published."""
    from warehouse import build as building

    settings = get_settings()
    plan = building.build(settings, as_of.date() if as_of else None)
    _OUT.print(f"built {plan.generation_id} as of {plan.as_of}: {building.build_file(settings, plan)}")


@app.command()
def check() -> None:
    """Check the newest build; exit 1 when it may not be published."""
    from warehouse import build as building
    from warehouse import run as steps

    plan = building.newest_plan(get_settings())
    steps.source_gate(plan.as_json())
    steps.publish_gate(plan.as_json())
    _OUT.print(f"{plan.generation_id} passed its gates")


@app.command()
def publish() -> None:
    """Publish the newest build, if it was checked."""
    from warehouse import build as building
    from warehouse import publish as publishing
    from warehouse import status

    settings = get_settings()
    generation = publishing.publish(settings, building.newest_plan(settings))
    status.print_generation(settings, generation, _OUT)


@app.command()
def export(
    channels: Annotated[list[str] | None, typer.Argument(help="Channels; default all.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent, removed and held.")] = False,
) -> None:
    """Write tier lists of the current generation to the outbox."""
    from exports import run as exporting
    from warehouse import publish as publishing
    from warehouse import status

    settings = get_settings()
    generation = publishing.current_generation(settings)
    if generation is None:
        raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
    if dry_run:
        status.print_plans(exporting.dry_run(settings, generation.folder, channels or None), _OUT)
        return
    exporting.export_all(settings, generation.folder, channels or None)
    status.print_packages(settings, _OUT)


@app.command()
def deliver(channels: Annotated[list[str] | None, typer.Argument(help="Channels; default all.")] = None) -> None:
    """Bring each recipient's newest package to its declared target, and its answers to the landing folder."""
    from exports import delivery
    from warehouse import publish as publishing
    from warehouse import status

    settings = get_settings()
    generation = publishing.current_generation(settings)
    if generation is None:
        raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
    outcomes = delivery.deliver(settings, generation.as_of, channels or None)
    status.print_deliveries_out(settings, outcomes, _OUT)
    if failed := [outcome for outcome in outcomes if outcome.problem]:
        raise GlifeError(f"{len(failed)} of {len(outcomes)} targets failed", str(settings.delivery_file), failed[0].problem)


@app.command()
def release(
    package: Annotated[str, typer.Argument(help="Id of a held package.")],
    name: Annotated[str, typer.Option("--by", "--name", help="Who lets it go.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it may go.")],
) -> None:
    """Let a held package go to its recipient; logged with name and reason."""
    from exports import run as exporting

    result = exporting.release_package(get_settings(), package, name, reason)
    _OUT.print(f"released {result.package_id} to {result.channel} {result.recipient}: {result.folder}")


@app.command()
def rollback(
    generation: Annotated[str | None, typer.Argument(help="Generation to go to; default the one before the current.")] = None,
    name: Annotated[str, typer.Option("--name", help="Who decides it.")] = ...,  # type: ignore[assignment]
    reason: Annotated[str, typer.Option("--reason", help="What is wrong with the current one.")] = ...,  # type: ignore[assignment]
) -> None:
    """Let readers see an earlier generation again; logged with name and reason."""
    from warehouse import publish as publishing

    found = publishing.rollback(get_settings(), generation, name, reason)
    _OUT.print(f"readers see {found.generation_id}, as of {found.as_of}; later ones are withdrawn until something is corrected")


@app.command()
def erase(
    name: Annotated[str, typer.Option("--name", help="Who does it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the log.")],
) -> None:
    """Remove what is left of erased persons: older generations, replaced lists; logged with name and reason."""
    from exports import erasure

    removed = erasure.erase(get_settings(), name, reason)
    for what, names in (("generation", removed.generations), ("lists of package", removed.packages)):
        for each in names:
            _OUT.print(f"removed {what} {each}")
    for package in removed.waiting:
        _OUT.print(f"kept package {package}: made before an erasure, and no newer list has replaced it; `glife export` makes one")
    if removed == erasure.Removed([], [], []):
        _OUT.print("nothing is left of erased persons outside the lake")


quarantine = typer.Typer(help="Rows that broke their contract.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
def list_quarantine(
    source: Annotated[str | None, typer.Argument(help="Source; default all.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many rows to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="All of them, a JSON line each.")] = False,
) -> None:
    """Which rows are in quarantine, file and line, and why; what they hold is in `restricted.duckdb` only."""
    from warehouse import status

    settings = get_settings()
    if not as_json:
        status.print_quarantine(settings, source, limit, _OUT)
        return
    for row in status.quarantine(settings, source):
        typer.echo(json.dumps(row, ensure_ascii=False, default=str))


@quarantine.command("replay")
def replay_quarantine(
    source: Annotated[str | None, typer.Argument(help="Source; default all.")] = None,
) -> None:
    """Read deliveries with rows in quarantine again, under the contracts of today; the next run publishes what loads now."""
    from ingest.replay import replay

    for replayed in replay(get_settings(), source):
        where = f"{replayed.source}/{replayed.folder}"
        _OUT.print(f"{where}: {replayed.loaded:,} rows loaded, {replayed.still_quarantined:,} still in quarantine")
        if replayed.reason:
            _OUT.print(f"  {replayed.reason}")


@app.command("status")
def show_status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Deliveries loaded, refused, late; current generation; packages sent, acknowledged, held."""
    from warehouse import status

    settings = get_settings()
    if as_json:
        typer.echo(json.dumps(status.collect(settings), ensure_ascii=False, indent=1, default=str))
    else:
        status.print_all(settings, _OUT)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One read-only SQL statement.")],
    output: Annotated[Format, typer.Option("--format", help="How to show the result.")] = Format.table,
    generation: Annotated[
        str | None, typer.Option(metavar="ID", help="Another generation: its id, or its date as 20260331 for the newest of it.")
    ] = None,
) -> None:
    """Read-only SQL on the current analyst generation, or on another."""
    from warehouse import publish as publishing

    with publishing.reader(get_settings(), generation_id=generation) as connection:
        try:
            connection.execute("set schema = 'mart'")
            result = connection.sql(sql)
        except duckdb.Error as error:
            raise GlifeError(str(error).splitlines()[0], "SQL", "`glife query 'show all tables'` lists what there is") from None
        if result is not None:
            _print_rows(result, output)


@app.command()
def explain(
    customer_id: Annotated[str | None, typer.Argument(help="Id of a customer.")] = None,
    pair: Annotated[
        tuple[str, str] | None, typer.Option("--pair", metavar="A B", help="Two records, each as system:record.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write one page with charts to this file.")] = None,
) -> None:
    """Whose records a customer is, why they were merged, why this tier, where each value came from; shows personal data."""
    from identity import explanation, explanation_page, explanation_text
    from warehouse import publish as publishing
    from warehouse import runlog

    if (customer_id is None) == (pair is None):
        raise typer.BadParameter("give a CUSTOMER_ID, or --pair A B")
    settings = get_settings()
    with publishing.reader(settings, "restricted.duckdb") as connection:
        try:
            if pair:
                found = explanation.explain_pair(connection, *pair)
                lines, page = explanation_text.pair_lines(found), lambda: explanation_page.pair_page(found)
            else:
                one = explanation.explain_customer(connection, customer_id or "")
                lines, page = explanation_text.customer_lines(one), lambda: explanation_page.customer_page(one)
        except (duckdb.CatalogException, duckdb.BinderException):
            what = "the generation was published by another version of the program"
            raise GlifeError(what, str(settings.current), "run `glife run` to publish one that can be explained") from None
    # Who looked at whom is remembered; records bear openids, so a pair is not.
    runlog.log(settings, "explained", customer_id=customer_id, by=getpass.getuser())
    if html:
        html.touch(mode=0o600)
        html.write_text(page(), encoding="utf-8")
        _OUT.print(f"wrote {html}: it holds personal data")
        return
    for line in lines:
        typer.echo(line)


@identity_app.command()
def rehearse(
    parameters: Annotated[Path, typer.Option("--parameters", help="YAML file: parameters and rules to try.")],
    examples: Annotated[int, typer.Option("--examples", min=0, help="How many pairs of each kind to show.")] = 10,
) -> None:
    """What other thresholds or rules would change: pairs, customers, examples; nothing is published."""
    from identity import rehearsal

    for line in rehearsal.lines(rehearsal.rehearse(get_settings(), rehearsal.read_change(parameters), examples)):
        typer.echo(line)


@app.command("rehearse")
def rehearse_parameters(
    parameters: Annotated[Path, typer.Option("--parameters", metavar="DIR", help="Folder with the tables to try; others stay.")],
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write everyone who would change, as CSV, here.")] = None,
) -> None:
    """Who would change tier, grade, score under other parameters, and how totals move; nothing is published."""
    from warehouse import rehearsal, status

    result = rehearsal.rehearse(get_settings(), parameters, as_of.date() if as_of else None)
    status.print_rehearsal(result, _OUT)
    for path in rehearsal.write(result, out) if out else []:
        _OUT.print(f"wrote {path}")


@app.command()
def sample(
    persons: Annotated[int, typer.Option("--persons", min=1, help="How many persons.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the deliveries; the truth is put beside it.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.")] = 20260131,
    noise: Annotated[
        str, typer.Option("--noise", help="usual, or heavy: more trouble, and kinds of it that usual lacks.")
    ] = "usual",
    keys: Annotated[Path | None, typer.Option("--keys", help="Also make key pairs for the sample's partners here.")] = None,
) -> None:
    """Deliveries in the form of the source systems, with known truth, for trying out and benchmarks."""
    from sample.generate import write_sample

    write_sample(persons, out, seed, noise)
    _OUT.print(f"wrote deliveries of {persons:,} persons to {out} (seed {seed}, {noise} noise)")
    if keys is not None:
        from exports.demo_keys import write_demo_keys

        _OUT.print(f"wrote key pairs of {len(write_demo_keys(out, keys))} partners to {keys}: for samples only")


@app.command("settings")
def show_settings() -> None:
    """Every setting with its value, environment variable and meaning."""
    settings = get_settings()
    table = Table("variable", "value", "meaning", box=None)
    for name, field in Settings.model_fields.items():
        table.add_row(f"GLIFE_{name.upper()}", str(getattr(settings, name)), field.description)
    _OUT.print(table)


def _print_rows(result: duckdb.DuckDBPyRelation, output: Format) -> None:
    """Print a result, a batch at a time, so that a large one does not fill the memory."""
    names = result.columns
    if output is Format.table:
        typer.echo(str(result))
        return
    if output is Format.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        while rows := result.fetchmany(10_000):
            writer.writerows(rows)
        return
    while rows := result.fetchmany(10_000):
        for row in rows:
            typer.echo(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str))


def _log_to_stderr(debug: bool) -> None:
    logger = logging.getLogger("glife")
    logger.handlers = [logging.StreamHandler(sys.__stderr__)]
    logger.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code: Any = app(arguments, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except typer.TyperException as error:
        typer.echo(f"error: {error.format_message().rstrip('.')}; see `glife --help`", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped; nothing is half done: run the same command again", err=True)
        sys.exit(_INTERRUPTED)
    except Exception as error:
        if "--debug" in arguments:
            raise
        typer.echo(f"error: {_sentence(error)}", err=True)
        sys.exit(_FAILED)


def _sentence(error: Exception) -> str:
    if isinstance(error, GlifeError):
        return str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the memory limit is too small; raise GLIFE_MEMORY_LIMIT and run again, nothing was lost"
    if isinstance(error, duckdb.IOException):
        return f"{str(error).splitlines()[0]}; mend that (is the disk full?) and run again, nothing was lost"
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}; mend that and run again, nothing was lost"
    return f"unexpected {type(error).__name__}; run `glife --debug …` for the whole story, nothing was lost"


if __name__ == "__main__":
    main()
