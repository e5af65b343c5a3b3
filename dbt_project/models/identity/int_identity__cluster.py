"""Clusters of all records under guards (``identity.clusters``); gone records hold their place, but join nothing."""

from identity.linkage import cluster_records


def model(dbt, session):
    dbt.config(materialized="table")
    records, links = dbt.ref("int_identity__standard_record"), dbt.ref("int_identity__link")
    return cluster_records(records, links, dbt.ref("int_identity__guard"), with_gone=True)
