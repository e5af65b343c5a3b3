"""The small shared kernel: settings, lake and generation files, DuckDB connections, keys, run log, command line."""
