"""Customers who live or belong together: connected components of ``core_household_link``.

A component larger than a household can be is taken again by family relations alone: an address mistyped into another's, or a
house of many flats, must not chain families together.
"""

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def model(dbt, session):
    dbt.config(materialized="table")
    links = dbt.ref("core_household_link").order("customer_id_a, customer_id_b, kind").fetch_arrow_table()
    limit = dbt.ref("core_household_limit").fetchone()[0]
    ends = pa.concat_arrays([*links["customer_id_a"].chunks, *links["customer_id_b"].chunks]).dictionary_encode()
    number = np.asarray(ends.indices, dtype=np.int64)
    left, right = number[: links.num_rows], number[links.num_rows :]
    is_family = np.asarray(links["kind"].to_numpy(zero_copy_only=False)) != "ADDRESS"
    group = components(len(ends.dictionary), left, right)
    too_large = np.bincount(group)[group] > limit if len(group) else np.zeros(0, dtype=bool)
    by_family = components(len(ends.dictionary), left[is_family], right[is_family]) + len(ends.dictionary)
    return pa.table({"customer_id": ends.dictionary, "group_no": pa.array(np.where(too_large, by_family, group))})


def components(customers, left, right):
    """The number of each customer's component."""
    matrix = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(customers, customers))
    return connected_components(matrix, directed=False)[1].astype(np.int64)
