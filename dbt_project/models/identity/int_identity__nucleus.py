"""What strong evidence alone brings together: the nuclei between which weak evidence is weighed. Gone records stay alone."""

from identity.linkage import cluster_records


def model(dbt, session):
    dbt.config(materialized="table")
    records, links = dbt.ref("int_identity__standard_record"), dbt.ref("int_identity__strong_link")
    found = cluster_records(records, links, dbt.ref("int_identity__guard"), with_gone=False)
    return found.rename_columns(["record_no", "nucleus_no"])
