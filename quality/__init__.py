"""Quality gates: DuckDB measures, Great Expectations judges, a held gate keeps the published generation in place."""
