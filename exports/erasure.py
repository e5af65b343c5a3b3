"""What is left of erased persons outside the current generation, removed.

An erasure is a build without the person (int_identity__erased_record), and holds for every later one. What was made before it
stays on disk until it is removed: older generations, kept builds, and the lists in packages that newer ones have replaced. The
lake keeps deliveries as they came: they are the only proof that the person must be left out, should an old extract come again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exports.package import MANIFEST, READY, Package, packages_of
from warehouse import publish, runlog
from warehouse.build import writer_lock
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import lock
from warehouse.settings import Settings

_KEYS = "select record_key from identity.int_identity__erased_record"
_RECORDS = "select source_system || ':' || source_record_id from mart.customer_source"
# What proves what was sent, and to whom it answers, names nobody.
_KEPT_OF_A_PACKAGE = frozenset({MANIFEST, READY, "dictionary.csv"})


@dataclass(frozen=True)
class Removed:
    """Ids of generations and packages that are no more; ``waiting`` are newest packages that no newer list has replaced yet."""

    generations: list[str]
    packages: list[str]
    waiting: list[str]


def erase(settings: Settings, name: str, reason: str) -> Removed:
    """Remove what was made before an erasure that the current generation knows of, logged with name and reason.

    Killed anywhere, the same call goes on. Raises GlifeError when nothing has been published.
    """
    with writer_lock(settings), lock(settings.generations_dir / ".lock", "publishing"):
        current = publish.current_generation(settings)
        if current is None:
            raise GlifeError("nothing has been published yet", str(settings.current), "run `glife run` first")
        knows = {path: _values(settings, path, _KEYS) for path in publish.kept(settings)}
        erased = knows[current.folder]
        doomed = [path for path in knows if path != current.folder and erased & _values(settings, path, _RECORDS)]
        informed = {path.name for path, keys in knows.items() if erased <= keys}
        replaced, waiting = _packages(settings, informed) if erased else ([], [])
        # Generations last: as long as one is there, a call that was killed is known to be unfinished.
        if doomed:
            for left in settings.build_dir.glob("*.duckdb"):
                left.unlink()
        for package in replaced:
            for file in _lists(package):
                file.unlink()
        for path in doomed:
            publish.remove(path)
        ids = ([package.package_id for package in packages] for packages in (replaced, waiting))
        removed = Removed([path.name for path in doomed], *ids)
        runlog.log(settings, "erased", by=name, reason=reason, generations=removed.generations, packages=removed.packages)
        return removed


def _values(settings: Settings, generation: Path, query: str) -> set[str]:
    with connect(generation / "restricted.duckdb", settings, read_only=True) as connection:
        return {value for (value,) in connection.execute(query).fetchall()}


def _packages(settings: Settings, informed: set[str]) -> tuple[list[Package], list[Package]]:
    """Packages made of generations that knew less, with lists in them: those that a newer one replaced, and the others."""
    replaced: list[Package] = []
    waiting: list[Package] = []
    for recipient in sorted(settings.outbox.glob("*/*/")):
        packages = list(packages_of(recipient))
        newest = max((each.manifest["sequence"] for each in packages if each.is_ready), default=0)
        for package in packages:
            if package.manifest["generation_id"] not in informed and _lists(package):
                (replaced if package.manifest["sequence"] < newest else waiting).append(package)
    return replaced, waiting


def _lists(package: Package) -> list[Path]:
    return [file for file in package.folder.iterdir() if file.name not in _KEPT_OF_A_PACKAGE]
