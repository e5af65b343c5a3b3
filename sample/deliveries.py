"""When each source delivers, what of its tables goes into a delivery, and in which form it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from sample import workbooks
from sample.chance import day
from sample.company import Company
from sample.desks import book_style
from sample.faults import RowFault, faults_of, spoiled_json, spoiled_record
from sample.tables import Table
from sample.workbooks import WITHDRAWN_NAME
from sample.writers import (
    WrittenFile,
    csv_fields,
    decimal_sum,
    encoded,
    pipe_fields,
    stable_number,
    write_manifest,
    write_parts,
)

Record = dict[str, Any]
BEGINNING = -(10**6)
MONTH_ENDS = ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")
SCHEDULE = {
    "core_life": ("2026-01-31", "2026-02-14", "2026-02-28", "2026-03-15", "2026-03-15.r2", "2026-03-31", "2026-04-30"),
    "core_banca": ("2026-01-31", "2026-02-14", "2026-02-28", "2026-03-31", "2026-04-30"),
    "channel_individual": MONTH_ENDS,
    "channel_broker": ("2026-01-31", "2026-02-14", "2026-02-28", "2026-03-31", "2026-04-30"),
    "channel_banca": ("2026-01-31", "2026-03-31", "2026-04-30"),
    "wechat_individual": MONTH_ENDS,
    "wechat_broker": ("2026-01-31", "2026-02-28", "2026-04-30"),
    "wechat_banca": MONTH_ENDS,
    "crm": ("2026-01-31", "2026-02-14", "2026-02-28", "2026-03-31", "2026-04-30"),
    "stewardship": MONTH_ENDS,
}
LIFE_SUMS = {
    "policy": ("modal_premium", "sum_insured"),
    "premium_due": ("amount_due", "amount_paid"),
    "claim": ("amount_paid",),
}
BANCA_SUMS = {"POLY": "premium", "PREM": "amount_due"}
ALWAYS_FULL = ("product", "branch", "tags", "campaigns")
WHOLE = ("CUST", "POLY")


@dataclass
class Delivery:
    """One folder as it was written, with what a correct reader makes of it."""

    source: str
    folder: str
    mode: str
    status: str = "loaded"
    fault: str = ""
    fault_file: str = ""
    files: list[WrittenFile] = field(default_factory=list)

    @property
    def date(self) -> str:
        return self.folder[:10]


class Writer(Protocol):
    """Writes one delivery of a source into its folder and notes the files in it."""

    def __call__(self, landing: "Landing", delivery: Delivery, path: Path, tables: dict[str, Table], since: int, /) -> None: ...


@dataclass(frozen=True)
class Landing:
    """Where deliveries go, and the faults they hold."""

    root: Path
    seed: int
    row_faults: tuple[RowFault, ...]
    delivery_faults: dict[tuple[str, str], tuple[str, str, str]]

    def deliver(self, source: str, tables: dict[str, Table], write: Writer) -> list[Delivery]:
        """Every delivery of one source; a refused one makes the next cover its days too."""
        done, since, before = [], BEGINNING, BEGINNING
        for folder in SCHEDULE[source]:
            fault, file, status = self.delivery_faults.get((source, folder), ("", "", "loaded"))
            delivery = Delivery(source, folder, "full" if since == BEGINNING else "delta", status, fault, file)
            path = self.root / source / folder
            path.mkdir(parents=True, exist_ok=True)
            write(self, delivery, path, tables, since)
            done.append(delivery)
            if status == "loaded":
                before, since = since, day(delivery.date)
        assert before < since
        return done

    def lines(
        self, delivery: Delivery, file: str, frame: pl.DataFrame, form: "Form", known_before: int
    ) -> tuple[pl.Series, list[tuple[int, str]], list[Record]]:
        """The file's lines with its faults put in: (lines, (record number, why), cells of spoiled records)."""
        lines = form.lines(frame.drop("_from", "_gone", strict=False))
        bad: list[tuple[int, str]] = []
        cells: list[Record] = []
        faults = faults_of(self.row_faults, delivery.source, delivery.folder, file)
        if not faults or frame.height == 0 or delivery.status != "loaded":
            return lines, bad, cells
        texts = lines.to_list()
        rng = np.random.default_rng([self.seed, stable_number(delivery.source, delivery.folder, file)])
        settled = np.flatnonzero((frame["_from"] <= known_before).to_numpy())  # a spoiled row must have been good before
        spots = np.sort(rng.permutation(settled)[: len(faults)])[::-1]
        marked: dict[int, str] = {}
        for serial, (spot, fault) in enumerate(zip(spots.tolist(), faults, strict=False)):
            record = frame.drop("_from", "_gone", strict=False).row(spot, named=True)
            text, kept = form.spoil(record, texts[spot], fault, serial)
            if fault.in_place:
                texts[spot] = text
            else:
                texts.insert(spot + 1, text)
                marked = {k + 1: v for k, v in marked.items()}
            marked[spot + (0 if fault.in_place else 1)] = fault.why
            cells.append({**kept, "_why": fault.why, "_in_place": spot if fault.in_place else -1})
        bad = [(index + 1, why) for index, why in sorted(marked.items())]
        return pl.Series("line", texts, dtype=pl.String), bad, cells


class Form:
    """How records become lines in one kind of file."""

    impossible_date = "2026-02-30"

    def lines(self, frame: pl.DataFrame) -> pl.Series:
        raise NotImplementedError

    def spoil(self, record: dict[str, str | None], line: str, fault: RowFault, serial: int) -> tuple[str, dict[str, str | None]]:
        raise NotImplementedError


class Csv(Form):
    """Comma separated, quoted where needed."""

    def lines(self, frame: pl.DataFrame) -> pl.Series:
        return csv_fields(frame)

    def spoil(self, record: dict[str, str | None], line: str, fault: RowFault, serial: int) -> tuple[str, dict[str, str | None]]:

        def join(values: list[str]) -> str:
            names = [f"c{i}" for i in range(len(values))]
            return str(csv_fields(pl.DataFrame([values], schema=names, orient="row"))[0])

        return spoiled_record(record, fault, serial, self.impossible_date, join)


class Pipes(Form):
    """Bars between fields, no quoting, eight-digit dates."""

    impossible_date = "20260230"

    def lines(self, frame: pl.DataFrame) -> pl.Series:
        return pipe_fields(frame)

    def spoil(self, record: dict[str, str | None], line: str, fault: RowFault, serial: int) -> tuple[str, dict[str, str | None]]:
        return spoiled_record(record, fault, serial, self.impossible_date, "|".join)


class JsonLines(Form):
    """The `line` column as it is."""

    def lines(self, frame: pl.DataFrame) -> pl.Series:
        return frame["line"]

    def spoil(self, record: dict[str, str | None], line: str, fault: RowFault, serial: int) -> tuple[str, dict[str, str | None]]:
        return spoiled_json(line, fault, serial), {"budget": None}


def control_sums(
    frame: pl.DataFrame, columns: tuple[str, ...], cells: list[Record], fen: bool = False
) -> dict[str, dict[str, str]]:
    """Per column the sum of all, the good and the spoiled records; a wrong number of fields adds nothing."""
    sums = {}
    for column in columns:
        digits = 0 if fen else 2
        inside = [c["_in_place"] for c in cells if c["_in_place"] >= 0]
        good = decimal_sum(frame[column], digits) - decimal_sum(frame[column].gather(inside), digits)
        readable = [c[column] for c in cells if c["_why"] not in ("short_row", "long_row")]
        bad = decimal_sum(pl.Series(readable, dtype=pl.String), digits)
        scale = Decimal(100) if fen else Decimal(1)
        sums[column] = {
            k: str((v / scale).quantize(Decimal("0.01"))) for k, v in (("all", good + bad), ("loaded", good), ("bad", bad))
        }
    return sums


def line_numbers(lines: pl.Series, bad: list[tuple[int, str]], first: int) -> list[tuple[int, int, str]]:
    """Where spoiled records start: quoted line breaks before them count."""
    breaks = lines.str.count_matches("\n").cum_sum()
    return [(first + record - 1 + (int(breaks[record - 2]) if record > 1 else 0), record, why) for record, why in bad]


def write_core_life(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """gzip CSV with manifest: full first, then what changed since the last good delivery."""
    until = day(delivery.date)
    for name, table in tables.items():
        file = f"{name}.csv.gz"
        frame = table.state(until) if name in ALWAYS_FULL else table.changed(since, until)
        if "_gone" in frame.columns:
            frame = frame.with_columns(pl.when("_gone").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("is_deleted"))
        if delivery.status != "loaded" and name == "client":
            frame = pl.concat([frame, _withdrawn(table.state(until).head(2))], how="diagonal_relaxed")
        lines, bad, cells = landing.lines(delivery, file, frame, Csv(), until)
        sums = control_sums(frame, LIFE_SUMS.get(name, ()), cells)
        header = ",".join(frame.drop("_from", "_gone", strict=False).columns)
        parts = _with_header(header + "\n", encoded(lines, "\n", "utf-8"))
        digest = write_parts(path / file, parts, is_gzip=True)
        delivery.files.append(WrittenFile(file, lines.len(), digest, sums, line_numbers(lines, bad, 2)))
    _manifest(path, delivery)


def _withdrawn(rows: pl.DataFrame) -> pl.DataFrame:
    """Two clients that only a refused or replaced delivery holds."""
    return rows.with_columns(
        pl.lit(WITHDRAWN_NAME).alias("name"),
        pl.format("C19999{}", pl.int_range(pl.len())).alias("client_id"),
        pl.lit("N").alias("is_deleted"),
    )


def _with_header(header: str, parts: Iterator[bytes], encoding: str = "utf-8") -> Iterator[bytes]:
    yield header.encode(encoding)
    yield from parts


def _manifest(path: Path, delivery: Delivery) -> None:
    """The manifest of what was written, false where the delivery's fault says so."""
    files: list[dict[str, object]] = []
    for file in delivery.files:
        digest, rows = file.sha256, file.rows
        if file.name == delivery.fault_file and delivery.fault == "wrong_sha256":
            digest = digest[::-1]
        if file.name == delivery.fault_file and delivery.fault == "wrong_row_count":
            rows += 1
        files.append({"name": file.name, "rows": rows, "sha256": digest, "sums": {c: s["all"] for c, s in file.sums.items()}})
    if delivery.fault != "no_manifest":
        # the corrected delivery came weeks late
        night = "2026-04-02T03:12:09+08:00" if ".r" in delivery.folder else f"{np.datetime64(delivery.date) + 1}T01:48:12+08:00"
        write_manifest(path, delivery.source, delivery.date, mode=delivery.mode, produced_at=night, files=files)


def write_core_banca(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """GB18030 with header and trailer; CUST and POLY whole, PREM and EVNT what changed; `_READY` last."""
    until, compact = day(delivery.date), delivery.date.replace("-", "")
    for name, table in tables.items():
        frame = table.state(until) if name in WHOLE else table.changed(since, until)
        lines, bad, cells = landing.lines(delivery, name, frame, Pipes(), since if since > BEGINNING and name in WHOLE else until)
        control = BANCA_SUMS.get(name)
        sums = control_sums(frame, (control,) if control else (), cells, fen=True)
        total = int(Decimal(sums[control]["all"]) * 100) if control else 0
        if delivery.fault == "trailer_sum_mismatch" and delivery.fault_file == name:
            total += 1
        frame_lines = pl.concat(
            [pl.Series([f"HDR|{name}|{compact}"]), lines.alias(""), pl.Series([f"TRL|{lines.len()}|{total}"])]
        )
        file = f"{name}_{compact}.dat"
        digest = write_parts(path / file, encoded(frame_lines, "\r\n", "gb18030"), is_gzip=False)
        delivery.files.append(WrittenFile(file, lines.len(), digest, sums, line_numbers(lines, bad, 2)))
    if delivery.fault != "no_ready":
        (path / "_READY").write_bytes(b"")


def write_agency(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """CSV with byte-order mark and Chinese headers, full, with manifest."""
    delivery.mode = "full"
    for name, table in tables.items():
        _plain_csv(landing, delivery, path, f"{name}.csv", table.state(day(delivery.date)), since=since, encoding="utf-8-sig")
    _manifest(path, delivery)


def _plain_csv(
    landing: Landing, delivery: Delivery, path: Path, file: str, frame: pl.DataFrame, *, since: int, encoding: str
) -> None:
    lines, bad, _ = landing.lines(delivery, file, frame, Csv(), since if since > BEGINNING else day(delivery.date))
    header = ",".join(frame.drop("_from", "_gone", strict=False).columns) + "\n"
    body = "utf-8" if encoding == "utf-8-sig" else encoding
    digest = write_parts(path / file, _with_header(header, encoded(lines, "\n", body), encoding), is_gzip=False)
    delivery.files.append(WrittenFile(file, lines.len(), digest, {}, line_numbers(lines, bad, 2)))


def write_bank_desk(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """Dropped by people: outlets with Chinese headers, referrals without any; GB18030, no completion mark."""
    delivery.mode = "full"
    until = day(delivery.date)
    _plain_csv(landing, delivery, path, "outlets.csv", tables["outlets"].state(until), since=since, encoding="gb18030")
    frame = tables["referrals"].state(until)
    lines, bad, _ = landing.lines(delivery, "referrals.dat", frame, Pipes(), since if since > BEGINNING else until)
    digest = write_parts(path / "referrals.dat", encoded(lines, "\n", "gb18030"), is_gzip=False)
    delivery.files.append(WrittenFile("referrals.dat", lines.len(), digest, {}, line_numbers(lines, bad, 1)))
    if delivery.date == "2026-03-31":
        (path / "说明.txt").write_text("四月起由新同事报送。\n", encoding="utf-8")  # a file that nobody knows


def write_json_lines(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """WeChat and CRM: JSON Lines with manifest; tags and campaigns always whole."""
    until = day(delivery.date)
    for name, table in tables.items():
        file = f"{name}.jsonl"
        frame = table.state(until) if name in ALWAYS_FULL else table.changed(since, until)
        lines, bad, _ = landing.lines(delivery, file, frame, JsonLines(), until)
        sums = control_sums(frame, ("budget",), []) if name == "campaigns" else {}
        digest = write_parts(path / file, encoded(lines, "\n", "utf-8"), is_gzip=False)
        delivery.files.append(WrittenFile(file, lines.len(), digest, sums, line_numbers(lines, bad, 1)))
    _manifest(path, delivery)


def write_stewardship(landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
    """Two CSV files, whole."""
    delivery.mode = "full"
    for name, table in tables.items():
        _plain_csv(landing, delivery, path, f"{name}.csv", table.state(day(delivery.date)), since=since, encoding="utf-8")


@dataclass(frozen=True)
class BrokerWriter:
    """Workbooks of the broker desk; a partner's list is delivered again only when it changed."""

    company: Company
    policies: pl.DataFrame

    def __call__(self, landing: Landing, delivery: Delivery, path: Path, tables: dict[str, Table], since: int) -> None:
        delivery.mode = "full"
        until = day(delivery.date)
        faults = lambda file: faults_of(landing.row_faults, delivery.source, delivery.folder, file)  # noqa: E731
        premiums, agents = (
            workbooks.yearly_premium(self.policies, until),
            workbooks.registered_agents(self.company, until),
        )
        files = [
            workbooks.write_partners(path / "partners.xlsx", self.company, delivery.date, premiums, agents),
            workbooks.write_violations(path / "violations.xlsx", self.company, delivery.date, faults("violations.xlsx")),
            workbooks.write_partner_agents(
                path / "partner_agents.xlsx", self.company, delivery.date, faults("partner_agents.xlsx")
            ),
        ]
        if delivery.fault == "xlsx_is_html":
            (path / "partners.xlsx").write_text(
                f"<html><body><table><tr><td>{WITHDRAWN_NAME}</td></tr></table></body></html>", encoding="utf-8"
            )
        else:
            files += self._customers(landing, delivery, path, tables["customers"], since)
        delivery.files.extend(files)

    def _customers(self, landing: Landing, delivery: Delivery, path: Path, customers: Table, since: int) -> list[WrittenFile]:
        until = day(delivery.date)
        fresh = set(customers.changed(since, until)["partner"].to_list())
        fresh |= {
            int(f.file[11:14]) - 1
            for f in landing.row_faults
            if (f.source, f.folder) == (delivery.source, delivery.folder) and "customers_" in f.file
        }
        files = []
        rows = customers.state(until)
        for number, partner in enumerate(self.company.partners.select("partner_code", "name").iter_rows(named=True)):
            file = f"customers_{partner['partner_code']}.xlsx"
            if number in fresh:
                book = book_style(number, landing.seed)
                own = rows.filter(pl.col("partner") == number)
                faults = faults_of(landing.row_faults, delivery.source, delivery.folder, file)
                files.append(
                    workbooks.write_customers(path / file, partner["name"], book, own, date=delivery.date, faults=faults)
                )
        return files
