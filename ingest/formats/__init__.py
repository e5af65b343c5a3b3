"""Readers of the file formats that sources deliver."""
