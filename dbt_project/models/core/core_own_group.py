"""A recipient's records as customers, by links between them alone (``core_own_link``), under identity's guards.

One row per recipient and record; ``own_group`` is the group's least record key.
"""

import numpy as np
import pyarrow as pa

from identity.clusters import Edges, Guards, cluster


def model(dbt, session):
    dbt.config(materialized="table")
    units = (
        dbt.ref("core_own_unit")
        .project(
            "unit_no, scope, record_key, customer_id, "
            "case when id_kind = 'RIC' then dense_rank() over (order by id_std) else -1 end as resident_id"
        )
        .order("unit_no")
        .fetch_arrow_table()
    )
    links = dbt.ref("core_own_link").order("unit_a, unit_b, rule").fetchnumpy()
    left, right = (np.asarray(links[side], dtype=np.int64) - 1 for side in ("unit_a", "unit_b"))
    apart = np.asarray(links["rule"], dtype=object) == "STEWARD_SEPARATE"
    edges = Edges(
        records=units.num_rows,
        left=left[~apart],
        right=right[~apart],
        weight=np.asarray(links["weight"], dtype=float)[~apart],
        decided=np.zeros(int((~apart).sum()), dtype=np.int64),
        apart=[(a, b, 1) for a, b in zip(left[apart].tolist(), right[apart].tolist(), strict=True)],
    )
    claims = {"resident_id": units["resident_id"].to_numpy().astype(np.int64)}
    first = pa.array(cluster(edges, Guards(claims)).label)
    return pa.table(
        {
            "scope": units["scope"],
            "record_key": units["record_key"],
            "customer_id": units["customer_id"],
            "own_group": units["record_key"].take(first),
        }
    )
