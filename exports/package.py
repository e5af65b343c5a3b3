"""Packages in the outbox: built aside, flushed to disk, renamed into place, then marked ready.

    outbox/<channel>/<recipient>/<package_id>/   data files, manifest.json, _READY

A package's id is a function of generation, recipient and content, and one generation gives a recipient one package:
a retry finds it and changes nothing. A process that is killed leaves at most a draft, or a whole package that is not
marked; the next export removes the one and marks the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.errors import GlifeError
from warehouse.files import fsync_file, fsync_folder, write_json
from warehouse.settings import Settings

MANIFEST, READY = "manifest.json", "_READY"
_PLAIN_NAME = re.compile(r"^[0-9A-Za-z_\u4e00-\u9fff-][0-9A-Za-z_.\u4e00-\u9fff-]*$")


@dataclass(frozen=True)
class PackageResult:
    """What an export made, or found made, for one recipient."""

    channel: str
    recipient: str
    package_id: str
    folder: Path
    is_new: bool
    is_held: bool
    why: tuple[str, ...] = ()
    totals: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """A package that lies whole in the outbox, marked ready or not."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def package_id(self) -> str:
        return self.manifest["package_id"]

    @property
    def recipient(self) -> str:
        return self.manifest["recipient"]

    @property
    def is_ready(self) -> bool:
        return (self.folder / READY).is_file()

    @property
    def manifest_sha256(self) -> str:
        return sha256_of(self.folder / MANIFEST)

    def result(self, is_new: bool) -> PackageResult:
        content = self.manifest
        return PackageResult(
            content["channel"],
            self.recipient,
            self.package_id,
            self.folder,
            is_new,
            content["held"],
            tuple(content["why"]),
            content["totals"],
        )


def recipient_folder(settings: Settings, channel: str, recipient: str) -> Path:
    """Folder of a recipient; a code that is no plain name is written as hex, since codes come with the deliveries."""
    name = recipient if _PLAIN_NAME.match(recipient) else f"x{recipient.encode().hex()}"
    return settings.outbox / channel / name


def packages_of(folder: Path) -> Iterator[Package]:
    """Whole packages of one recipient's folder, in the order of their names."""
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        if not path.parent.name.startswith("."):
            yield Package(path.parent, json.loads(path.read_text(encoding="utf-8")))


def all_packages(settings: Settings) -> list[Package]:
    """Whole packages of every recipient of every channel."""
    return [package for folder in sorted(settings.outbox.glob("*/*/")) for package in packages_of(folder)]


def find_package(settings: Settings, identity: str) -> Package:
    """The package of this id; raises GlifeError when there is none."""
    for package in all_packages(settings):
        if package.package_id == identity:
            return package
    raise GlifeError("there is no such package", f"package {identity}", "see `glife status`")


def draft_folder(folder: Path) -> Path:
    """A fresh draft beside the packages; whatever a killed export left is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(".*.draft"):
        shutil.rmtree(leftover)
    draft = folder / f".{os.getpid()}.draft"
    draft.mkdir()
    return draft


def package_id(generation_id: str, channel: str, recipient: str, content: dict[str, Any]) -> str:
    """Id of the package with this content: generation's date and 20 hex digits."""
    text = json.dumps([generation_id, channel, recipient, content], sort_keys=True, ensure_ascii=False)
    return f"{generation_id.split('-', maxsplit=1)[0]}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def place(draft: Path, manifest: dict[str, Any]) -> Package:
    """Turn a draft with its data files into the package, marked ready unless it is held."""
    write_json(draft / MANIFEST, manifest)
    final = draft.with_name(manifest["package_id"])
    package = Package(final, manifest)
    if manifest["held"] and (final / MANIFEST).is_file() and package.manifest_sha256 == sha256_of(draft / MANIFEST):
        shutil.rmtree(draft)  # held as before
        return package
    for path in draft.iterdir():
        fsync_file(path)
    fsync_folder(draft)
    if final.exists():  # whole, but never marked: held, or its export was killed before the mark
        shutil.rmtree(final)
    draft.rename(final)
    fsync_folder(final.parent)
    if not manifest["held"]:
        mark_ready(package)
    return package


def mark_ready(package: Package) -> None:
    """Tell the recipient that the package may be read."""
    (package.folder / READY).touch()
    fsync_folder(package.folder)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
