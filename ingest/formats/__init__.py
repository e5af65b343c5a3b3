"""Readers of the file formats that sources deliver: each turns a file into tables of texts (rows.schema)."""

from ingest.formats import delimited, jsonlines, workbook
from ingest.formats.rows import Reader, Source

READERS: dict[str, Reader] = {
    "csv": delimited.read,
    "pipe": delimited.read,
    "jsonl": jsonlines.read,
    "json": jsonlines.read_document,
    "workbook": workbook.read,
}

__all__ = ["READERS", "Reader", "Source"]
