"""What dbt calls `target`, for the linter: it reads the models as DuckDB would run them."""

type = "duckdb"
