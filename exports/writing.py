"""From a plan to a package: files, verification, encryption, dictionary, manifest."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exports import ledger
from exports.audience import Audience, Column
from exports.formats.table import ListTable, Written
from exports.formats.text import write_csv, write_dat, write_jsonl
from exports.formats.workbook import write_xlsx
from exports.package import Package, package_id, place, sha256_of
from exports.plan import Plan
from exports.verify import verify
from warehouse.settings import Settings

DICTIONARY = "dictionary.csv"

_WRITERS: dict[str, Callable[[ListTable, Path], list[Written]]] = {
    "xlsx": write_xlsx,
    "csv": write_csv,
    "jsonl": write_jsonl,
    "dat": write_dat,
}


def write_package(settings: Settings, plan: Plan, draft: Path) -> Package:
    """Write the plan's package by way of ``draft``; it is ready when this returns, or held."""
    audience = plan.lists.audience
    if audience.encryption == "none":
        written = _write_files(plan, draft)
        content = _content(plan, written)
        return _finish(settings, plan, draft, content, plan.why)
    with _private_folder(settings, audience.channel) as private:
        written = _write_files(plan, private)
        content = _content(plan, written)
        files, problems = _encrypt(settings, plan, written, draft)
    return _finish(settings, plan, draft, content, [*problems, *plan.why], files)


def _write_files(plan: Plan, folder: Path) -> list[Written]:
    table = plan.table()
    written: list[Written] = []
    for declared in plan.lists.audience.files:
        written += _WRITERS[declared.format](table, folder / declared.file_name(plan.lists.as_of))
    verify(plan, written)
    return written


def _content(plan: Plan, written: list[Written]) -> dict[str, Any]:
    """What the package's id is made of: a function of generation, recipient, and what the recipient holds."""
    return {
        "as_of": plan.lists.as_of.isoformat(),
        "generation_id": plan.lists.generation_id,
        "channel": plan.lists.audience.channel,
        "recipient": plan.recipient.code,
        "mode": plan.mode,
        "base_package_id": plan.base,
        "files": [
            {"name": each.path.name, "rows": each.rows, "sha256": sha256_of(each.path), "totals": plan.totals} for each in written
        ],
        "totals": plan.totals,
        "replaced": [{"file": each.path.name, **where} for each in written for where in each.replaced],
    }


def _encrypt(settings: Settings, plan: Plan, written: list[Written], draft: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Ciphertext of the files as the manifest lists it, and why there is none."""
    from exports.encryption import KeyProblem, encrypt_to, load_certificate  # only where keys are asked for

    try:
        certificate = load_certificate(settings, plan.lists.audience.channel, draft.parent.name)
        ciphers = [encrypt_to(certificate, each.path, draft) for each in written]
    except KeyProblem as problem:
        for half in draft.glob("*.pgp"):
            half.unlink()
        return [], [str(problem)]
    files = [
        {
            "name": cipher.name,
            "rows": each.rows,
            "sha256": sha256_of(cipher),
            "plain_sha256": sha256_of(each.path),
            "totals": plan.totals,
        }
        for each, cipher in zip(written, ciphers, strict=True)
    ]
    return files, []


def key_problems(settings: Settings, audience: Audience, folder_name: str) -> list[str]:
    """Why nothing could be encrypted to a recipient; empty where it can, or where nothing is encrypted."""
    from exports.encryption import KeyProblem, load_certificate

    if audience.encryption == "none":
        return []
    try:
        load_certificate(settings, audience.channel, folder_name)
    except KeyProblem as problem:
        return [str(problem)]
    return []


def _finish(
    settings: Settings,
    plan: Plan,
    draft: Path,
    content: dict[str, Any],
    why: list[str],
    files: list[dict[str, Any]] | None = None,
) -> Package:
    identity = package_id(plan.lists.generation_id, plan.lists.audience.channel, plan.recipient.code, content)
    ledger.keep_lines(plan.lists.connection, plan.lines_query(), ledger.state_file(settings, draft.with_name(identity)))
    _write_dictionary(plan.lists.audience.columns, draft / DICTIONARY)
    manifest = {"package_id": identity, "sequence": plan.sequence, **content}
    if files is not None:
        manifest["files"] = files
    manifest["dictionary"] = {"name": DICTIONARY, "sha256": sha256_of(draft / DICTIONARY)}
    return place(draft, {**manifest, "held": bool(why), "why": why})


def _write_dictionary(columns: tuple[Column, ...], path: Path) -> None:
    """What each column means, for whoever opens the package without this project at hand."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["position", "column", "title", "meaning"])
        writer.writerows([at, column.name, column.title, column.meaning] for at, column in enumerate(columns, start=1))


@contextmanager
def _private_folder(settings: Settings, channel: str) -> Iterator[Path]:
    """Where plain files lie while they are encrypted, outside the outbox; one export of a channel runs at a time."""
    folder = settings.home / "tmp" / f"plain-{channel}"
    shutil.rmtree(folder, ignore_errors=True)  # of an export that was killed
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
