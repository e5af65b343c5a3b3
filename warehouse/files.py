"""Files that survive a crash: written aside, flushed to disk, renamed into place; and locks between processes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warehouse.errors import GlifeError


def fsync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_file(path: Path) -> None:
    """Make the content of a written file durable."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    fsync_file(draft)
    draft.replace(path)
    fsync_folder(path.parent)


def replace_link(link: Path, target: Path) -> None:
    """Point ``link`` at ``target`` (relative) by one rename."""
    draft = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    draft.symlink_to(os.path.relpath(target, link.parent))
    draft.replace(link)
    fsync_folder(link.parent)


@contextmanager
def lock(path: Path, what: str, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock that the system frees when the process dies, however it dies.

    Raises GlifeError when ``wait`` is false and somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GlifeError(f"another process is busy with {what}", str(path), "wait until it has ended") from None
        yield
