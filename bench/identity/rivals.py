"""What identity is compared with: exact rules, and Splink trained unsupervised. Both get our cleaned fields and give clusters."""

from __future__ import annotations

import logging

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CLEANED = """
select record_no as unique_id,
    case when id_kind is not null then id_kind || ':' || id_std end as id_number,
    name_sound as name, case when is_mobile_valid then mobile_std end as mobile,
    cast(birth_date_std as varchar) as born, address_key as address
from identity.int_identity__person_record
"""
EXACT = """
select a.unique_id as left_no, b.unique_id as right_no, 1.0 as probability
from cleaned as a inner join cleaned as b on a.unique_id < b.unique_id and a.id_number = b.id_number
union
select a.unique_id, b.unique_id, 1.0
from cleaned as a inner join cleaned as b on a.unique_id < b.unique_id and a.name = b.name and a.mobile = b.mobile
"""
BLOCKS = (("id_number",), ("mobile",), ("name", "born"), ("name", "address"), ("born", "address"))


def exact_links(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One ID number, or one name and mobile."""
    connection.execute(f"create or replace temp table cleaned as {CLEANED}")
    return connection.execute(EXACT).to_arrow_table()


def splink_links(
    records: pa.Table, blocks: tuple[tuple[str, ...], ...] = BLOCKS, training: int = 2, slips: tuple[int, ...] = (1,)
) -> pa.Table:
    """Pairs with their probability by Splink: u from random pairs, m by expectation maximisation over the first blocks.

    Every column of ``records`` but unique_id is compared: same, ``slips`` apart, or else; same with term frequencies.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    fields = [name for name in records.column_names if name != "unique_id"]
    rules = [block_on(*block) for block in blocks]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.DamerauLevenshteinAtThresholds(name, list(slips)).configure(term_frequency_adjustments=True) for name in fields
        ],
        blocking_rules_to_generate_predictions=rules,
    )
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register(records), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(rules[:training], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    for rule in rules[:training]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    found = linker.inference.predict(threshold_match_probability=0.5)
    pairs = found.as_duckdbpyrelation().project(
        "unique_id_l as left_no, unique_id_r as right_no, match_probability as probability"
    )
    return pairs.to_arrow_table()


def clusters(links: pa.Table, records: np.ndarray, threshold: float) -> np.ndarray:
    """Component of each record over the links that are probable enough."""
    likely = links["probability"].to_numpy() >= threshold
    left, right = (np.searchsorted(records, links[side].to_numpy()[likely]) for side in ("left_no", "right_no"))
    matrix = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(records), len(records)))
    return connected_components(matrix, directed=False)[1]
