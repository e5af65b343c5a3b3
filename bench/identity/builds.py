"""Builds to score: deliveries of the generator or any others, taken in and built as far as identity.

``python bench/identity/builds.py FOLDER [--persons N --seed S --noise LEVEL] [--landing DELIVERIES] [--identity-only]``
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse import build, parameters
from warehouse.duck import connect
from warehouse.settings import Settings, get_settings
from warehouse.versions import code_version


@dataclass(frozen=True)
class Deliveries:
    """A landing folder and the truth about it; made by the generator where ``persons`` is given."""

    name: str
    landing: Path
    truth: Path
    persons: int = 0
    seed: int = 0
    noise: str = "usual"

    @classmethod
    def sampled(cls, folder: Path, persons: int, seed: int, noise: str) -> Deliveries:
        landing = folder / f"{noise}-{persons}-{seed}"
        return cls(f"{noise} {persons:,} seed {seed}", landing, landing.parent / f"{landing.name}_truth", persons, seed, noise)


def settings_of(deliveries: Deliveries, home: Path) -> Settings:
    """Settings of a product home of its own for these deliveries."""
    os.environ.update(GLIFE_HOME=str(home), GLIFE_LANDING=str(deliveries.landing), GLIFE_QUIET_SECONDS="0")
    return get_settings()


def built(deliveries: Deliveries, home: Path, again: bool = True) -> Path:
    """The build file of these deliveries with the identity layer in it; ``again`` runs that layer anew where it is there."""
    from ingest.run import ingest_all
    from sample.generate import write_sample

    if deliveries.persons and not deliveries.landing.exists():
        write_sample(deliveries.persons, deliveries.landing, deliveries.seed, deliveries.noise)
    settings = settings_of(deliveries, home)
    if list(settings.build_dir.glob("*.plan.json")):
        # The build may be older than the code and the seeds of today.
        plan = replace(build.newest_plan(settings), code_version=code_version())
        if again:
            with connect(build.build_file(settings, plan), settings) as connection:
                parameters.load_in_force(connection, settings)
            _identify(settings, plan)
    else:
        ingest_all(settings)
        plan = build.plan_build(settings)
        build.start_build(settings, plan)
        build.run_layer(settings, plan, "staging")
        _identify(settings, plan)
    return build.build_file(settings, plan)


def _identify(settings: Settings, plan: build.BuildPlan) -> None:
    build.run_layer(settings, plan, "identity")
    build.run_models(settings, build.build_file(settings, plan), ["core_probable_link"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--persons", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", default="usual")
    parser.add_argument("--landing", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    if arguments.landing:
        deliveries = Deliveries(str(arguments.landing), arguments.landing, arguments.landing)
    else:
        deliveries = Deliveries.sampled(folder, arguments.persons, arguments.seed, arguments.noise)
    print(built(deliveries, folder / f"home-{deliveries.landing.name}"))


if __name__ == "__main__":
    main()
