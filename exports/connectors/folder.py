"""Folder drop: the package appears under its id by one rename, its mark last."""

from __future__ import annotations

import shutil
from pathlib import Path

from exports.connectors.target import FolderTarget
from exports.package import MANIFEST, READY, Package
from warehouse.errors import GlifeError
from warehouse.files import fsync_file, fsync_folder


def drop(target: FolderTarget, package: Package) -> None:
    """Copy a marked package into the recipient's folder; what a killed copy left is begun anew.

    Raises GlifeError when the folder above is not there, which is what a share that is not mounted looks like.
    """
    folder = Path(target.path.format(recipient=package.folder.parent.name))
    if not folder.parent.is_dir():
        raise GlifeError("the folder for deliveries is not there", str(folder.parent), "mount or make it")
    final = folder / package.package_id
    if (final / READY).exists():
        return
    if not (final / MANIFEST).exists():
        draft = folder / f".{package.package_id}.part"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package.folder, draft, ignore=shutil.ignore_patterns(READY))
        for path in draft.iterdir():
            fsync_file(path)
        fsync_folder(draft)
        draft.rename(final)
        fsync_folder(folder)
    (final / READY).touch()
    fsync_folder(final)
