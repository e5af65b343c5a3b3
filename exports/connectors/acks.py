"""Acknowledgements on their way in: into the landing folder, each by one rename, like every other delivery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exports.connectors.target import FolderTarget
from exports.package import Package
from warehouse import runlog
from warehouse.files import fsync_folder


def land(landing: Path, name: str, content: bytes) -> Path:
    """Put an acknowledgement under its name; what was answered before stays, another answer gets a name of its own."""
    landing.mkdir(parents=True, exist_ok=True)
    final, nth = landing / Path(name).name, 1
    while final.exists():
        if final.read_bytes() == content:
            return final
        nth += 1
        final = landing / f"{Path(name).name.removesuffix('.ack.json')}-{nth}.ack.json"
    draft = final.with_name(f".{final.name}.part")
    draft.write_bytes(content)
    draft.replace(final)
    fsync_folder(landing)
    return final


def collect(target: FolderTarget, folder_name: str, landing: Path) -> list[Path]:
    """Move what a recipient has put into its folder of acknowledgements."""
    if not target.acks_path:
        return []
    taken = []
    for path in sorted(Path(target.acks_path.format(recipient=folder_name)).glob("*.ack.json")):
        if path.is_file() and not path.name.startswith("."):
            taken.append(land(landing, path.name, path.read_bytes()))
            path.unlink()
    return taken


def answer(landing: Path, package: Package, rejected: list[dict[str, str]], lines: int) -> Path:
    """Acknowledge in the name of a platform that answers line by line."""
    status = "ACCEPTED" if not rejected else "REJECTED" if len(rejected) == lines else "PARTIAL"
    content: dict[str, Any] = {
        "package_id": package.package_id,
        "sha256": package.manifest_sha256,
        "received_at": runlog.now().replace(tzinfo=None).isoformat(),
        "status": status,
        "rejected": rejected,
    }
    name = f"{package.recipient}_{package.package_id}.ack.json"
    return land(landing, name, json.dumps(content, ensure_ascii=False).encode())
