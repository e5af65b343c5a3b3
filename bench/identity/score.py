"""Score a build or generation against known truth: ``python bench/identity/score.py BUILD.duckdb person_of.csv``.

Counts only linkable records that are current in the build. Pairwise precision and recall are after transitive closure,
so a pair that blocking never met is a miss.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

_RECORDS = """
create temp table judged as
select t.source_system, t.person_id, c.customer_id
from read_csv(?, all_varchar = true) as t
inner join {customers} as c using (source_system, source_record_id)
where t.linkable = '1' and coalesce(t.gone_on, '') = ''
"""
_SCORES = """
with cells as (select person_id, customer_id, count(*) as n from judged group by all),
persons as (select person_id, sum(n) as n, count(*) as clusters from cells group by all),
clusters as (select customer_id, sum(n) as n, count(*) as persons from cells group by all),
pairs as (
    select
        (select sum(n * (n - 1) / 2) from cells) as both_say,
        (select sum(n * (n - 1) / 2) from clusters) as we_say,
        (select sum(n * (n - 1) / 2) from persons) as truth_says
)
select
    (select count(*) from judged) as records,
    (select count(*) from persons) as persons,
    both_say / we_say as precision,
    both_say / truth_says as recall,
    2 * both_say / (we_say + truth_says) as f1,
    (select sum(cells.n * cells.n / clusters.n) / sum(cells.n) from cells join clusters using (customer_id)) as bcubed_precision,
    (select sum(cells.n * cells.n / persons.n) / sum(cells.n) from cells join persons using (person_id)) as bcubed_recall,
    (select count(*) from cells join clusters using (customer_id) join persons using (person_id)
     where clusters.n = persons.n and clusters.n = cells.n) as exact_clusters,
    (select count(*) from clusters where persons > 1) as over_merged_clusters,
    (select count(distinct cells.person_id) from cells join clusters using (customer_id)
     where clusters.persons > 1) as over_merged_persons,
    (select max(n) from clusters) as largest_cluster
from pairs
"""
_BY_SYSTEM = """
with pairs as (
    select a.source_system, sum(a.n * b.n) - sum(case when a.source_system = b.source_system then a.n else 0 end) as found
    from (select source_system, person_id, customer_id, count(*) as n from judged group by all) as a
    join (select source_system, person_id, customer_id, count(*) as n from judged group by all) as b
        using (person_id, customer_id)
    group by all
),
truth as (
    select a.source_system, sum(a.n * b.n) - sum(case when a.source_system = b.source_system then a.n else 0 end) as known
    from (select source_system, person_id, count(*) as n from judged group by all) as a
    join (select source_system, person_id, count(*) as n from judged group by all) as b using (person_id)
    group by all
)
select source_system, found / nullif(known, 0) as recall from truth join pairs using (source_system) order by source_system
"""


Score = dict[str, Any]


def score(database: Path, truth: Path, with_probable: bool = False) -> Score:
    """Scores of one database file against ``person_of.csv``; ``with_probable`` counts probable links as links."""
    with duckdb.connect(str(database), read_only=True) as connection:
        schemas = {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}
        is_build = "identity" in schemas
        customers = "identity.int_identity__customer_record" if is_build else "mart.customer_source"
        connection.execute(_RECORDS.format(customers=customers), [str(truth)])
        if with_probable:
            _join_probable(connection, customers, "core.probable_link" if is_build else "mart.probable_link")
        return _scores(connection)


def score_table(clusters: pa.Table, truth: Path | None) -> Score:
    """Scores of records (source_system, source_record_id, customer_id); without ``truth`` they have a person_id themselves."""
    with duckdb.connect() as connection:
        connection.register("clusters", clusters)
        if truth is None:
            connection.execute("create temp table judged as select source_system, person_id, customer_id from clusters")
        else:
            connection.execute(_RECORDS.format(customers="clusters"), [str(truth)])
        return _scores(connection)


def _scores(connection: duckdb.DuckDBPyConnection) -> Score:
    result = connection.execute(_SCORES)
    names = [column[0] for column in result.description]
    values = result.fetchone()
    assert values is not None
    found: Score = dict(zip(names, values, strict=True))
    b_precision, b_recall = found["bcubed_precision"], found["bcubed_recall"]
    found["bcubed_f1"] = 2 * b_precision * b_recall / (b_precision + b_recall)
    found["recall_by_system"] = dict(connection.execute(_BY_SYSTEM).fetchall())
    return found


def _join_probable(connection: duckdb.DuckDBPyConnection, customers: str, probable: str) -> None:
    """Make customers that a probable link connects one, also through others."""
    pairs = connection.execute(
        f"select distinct c.customer_id, p.customer_id from {probable} as p "
        f"inner join {customers} as c using (source_system, source_record_id)"
    ).fetchall()
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for one, other in pairs:
        a, b = sorted((root(one), root(other)))
        parent[b] = a
    roots = [(name, root(name)) for name in parent]
    connection.execute("create temp table joined (customer_id varchar, root_id varchar)")
    if roots:
        connection.executemany("insert into joined values (?, ?)", roots)
    connection.execute("update judged set customer_id = joined.root_id from joined where judged.customer_id = joined.customer_id")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path, help="a build file or a generation's restricted.duckdb")
    parser.add_argument("truth", type=Path, help="person_of.csv")
    arguments = parser.parse_args()
    rows = {
        "merged": score(arguments.database, arguments.truth),
        "merged or probable": score(arguments.database, arguments.truth, with_probable=True),
    }
    print(json.dumps(rows, indent=1, default=float))


if __name__ == "__main__":
    main()
