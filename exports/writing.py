"""From a plan to a package: files, verification, encryption, dictionary, manifest."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports import ledger
from exports.audience import Audience, Column
from exports.formats.table import ListTable, Written
from exports.formats.text import write_csv, write_dat, write_jsonl
from exports.formats.workbook import write_xlsx
from exports.package import MANIFEST, Package, draft_folder, package_id, place, sha256_of
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


@dataclass(frozen=True)
class Writing:
    """A package whose data files are being written in a private folder, outside the outbox."""

    plan: Plan
    private: Path
    files: tuple[Future[list[Written]], ...]


def start_writing(plan: Plan, private: Path, pool: Executor) -> Writing:
    """Have the plan's data files written into a folder of their own below ``private``."""
    folder = private / f"{plan.sequence}-{plan.recipient.code.encode().hex()}"
    folder.mkdir()
    table = plan.table(private / f"{folder.name}.rows")
    names = [(declared.format, declared.file_name(plan.lists.as_of)) for declared in plan.lists.audience.files]
    return Writing(plan, folder, tuple(pool.submit(_WRITERS[form], table, folder / name) for form, name in names))


def finish_writing(settings: Settings, writing: Writing, recipient_dir: Path) -> Package:
    """Verify what was written, encrypt it where that is declared, and place the package: it is ready then, or held."""
    plan = writing.plan
    written = [each for future in writing.files for each in future.result()]
    verify(plan, written)
    content = _content(plan, written)
    identity = package_id(plan.lists.generation_id, plan.lists.audience.channel, plan.recipient.code, content)
    draft = draft_folder(recipient_dir)
    if plan.lists.audience.encryption == "none":
        for each in written:
            shutil.move(each.path, draft / each.path.name)
        package = _finish(settings, plan, draft, {"package_id": identity, **content}, plan.why)
    else:
        ciphers, problems = _encrypt(settings, plan, written, draft, recipient_dir / identity)
        package = _finish(settings, plan, draft, {"package_id": identity, **content, **ciphers}, [*problems, *plan.why])
    shutil.rmtree(writing.private)
    return package


def _content(plan: Plan, written: list[Written]) -> dict[str, Any]:
    """What the package's id is made of: a function of generation, recipient, and what the recipient holds."""
    return {
        "as_of": plan.lists.as_of.isoformat(),
        "generation_id": plan.lists.generation_id,
        "channel": plan.lists.audience.channel,
        "recipient": plan.recipient.code,
        "mode": plan.mode,
        "base_package_id": plan.base,
        "files": [_stated(plan, each, each.path) for each in written],
        "totals": plan.totals,
        "replaced": [{"file": each.path.name, **where} for each in written for where in each.replaced],
        "withheld": sorted(plan.lists.withheld),
    }


def _stated(plan: Plan, written: Written, path: Path) -> dict[str, Any]:
    """A file as the manifest states it; ``path`` is the file itself or its ciphertext."""
    return {"name": path.name, "rows": written.rows, "sha256": sha256_of(path), "totals": written.totals or plan.totals}


def _encrypt(
    settings: Settings, plan: Plan, written: list[Written], draft: Path, made_before: Path
) -> tuple[dict[str, Any], list[str]]:
    """What the manifest says of the ciphertext, and why there is none.

    Ciphertext is made once: what a held package already has (``made_before``), for the same key, is taken as it is.
    """
    from exports.encryption import KeyProblem, encrypt_to, load_certificate  # only where keys are asked for

    try:
        certificate = load_certificate(settings, plan.lists.audience.channel, draft.parent.name)
        stated = _manifest_of(made_before)
        if stated.get("encrypted_to") == certificate.fingerprint:
            for file in stated["files"]:
                shutil.copyfile(made_before / file["name"], draft / file["name"])
            return {"files": stated["files"], "encrypted_to": certificate.fingerprint}, []
        ciphers = [encrypt_to(certificate, each.path, draft) for each in written]
    except KeyProblem as problem:
        for half in draft.glob("*.pgp"):
            half.unlink()
        return {"files": []}, [str(problem)]
    files = [
        {**_stated(plan, each, cipher), "plain_sha256": sha256_of(each.path)}
        for each, cipher in zip(written, ciphers, strict=True)
    ]
    return {"files": files, "encrypted_to": certificate.fingerprint}, []


def _manifest_of(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


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


def _finish(settings: Settings, plan: Plan, draft: Path, content: dict[str, Any], why: list[str]) -> Package:
    lines = ledger.state_file(settings, draft.with_name(content["package_id"]))
    ledger.keep_lines(plan.lists.connection, plan.lines_query(), lines)
    _write_dictionary(plan.lists.audience.columns, draft / DICTIONARY)
    manifest = {
        **content,
        "sequence": plan.sequence,
        "customers": plan.customers,
        "versions": plan.lists.versions,
        "dictionary": {"name": DICTIONARY, "sha256": sha256_of(draft / DICTIONARY)},
        "held": bool(why),
        "why": why,
    }
    return place(draft, manifest)


def _write_dictionary(columns: tuple[Column, ...], path: Path) -> None:
    """What each column means, for whoever opens the package without this project at hand."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["position", "column", "title", "meaning"])
        writer.writerows([at, column.name, column.title, column.meaning] for at, column in enumerate(columns, start=1))


@contextmanager
def private_folder(settings: Settings, channel: str) -> Iterator[Path]:
    """Where plain files lie until they are encrypted or placed; one export of a channel runs at a time."""
    folder = settings.home / "tmp" / f"plain-{channel}"
    shutil.rmtree(folder, ignore_errors=True)  # of an export that was killed
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
