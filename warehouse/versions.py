"""What a build was made with: code and parameters, as short content hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from warehouse.settings import PROJECT_ROOT

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
_CODE = ("warehouse", "ingest", "identity", "measures", "contracts", "dbt_project/models", "dbt_project/macros", "exports")
_CODE_SUFFIXES = {".py", ".sql", ".yml", ".yaml", ".json"}


def _content_hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(PROJECT_ROOT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def code_version() -> str:
    """Release number and a hash over everything that decides what a build contains."""
    files = (path for folder in _CODE for path in (PROJECT_ROOT / folder).rglob("*") if path.suffix in _CODE_SUFFIXES)
    return f"{version('glife-warehouse')}+{_content_hash(files)}"
