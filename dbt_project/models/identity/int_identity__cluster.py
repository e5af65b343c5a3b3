"""Clusters of records under guards (``identity.clusters``)."""

import numpy as np
import pyarrow as pa

from identity.clusters import Edges, cluster


def model(dbt, session):
    dbt.config(materialized="table")
    links = dbt.ref("int_identity__link").order("record_a, record_b").fetchnumpy()
    records = (
        dbt.ref("int_identity__person_record")
        .project(
            "record_no, "
            "case when id_kind = 'RIC' then dense_rank() over (order by id_std) else -1 end as resident_id, "
            "case when id_kind = 'HKMO' then dense_rank() over (order by id_std) else -1 end as permit"
        )
        .order("record_no")
        .fetchnumpy()
    )
    number = records["record_no"]
    left, right = (np.asarray(links[side]) - 1 for side in ("record_a", "record_b"))
    rule = np.asarray(links["rule"], dtype=object)
    apart = rule == "STEWARD_SEPARATE"
    edges = Edges(
        records=len(number),
        left=left[~apart],
        right=right[~apart],
        weight=np.asarray(links["weight"], dtype=float)[~apart],
        forced=(rule == "STEWARD_LINK")[~apart],
        apart=list(zip(left[apart].tolist(), right[apart].tolist(), strict=True)),
    )
    claims = {kind: np.asarray(records[kind]).astype(np.int64) for kind in ("resident_id", "permit")}
    found = cluster(edges, claims)
    return pa.table({"record_no": pa.array(number), "anchor_no": pa.array(found.label + 1)})
