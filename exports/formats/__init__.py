"""Writers of the data files: one function per format, from a query's rows to a file, in batches."""
