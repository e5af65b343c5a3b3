"""Why a whole delivery is not taken."""

from __future__ import annotations


class RefusedError(Exception):
    """A delivery must not be loaded; the text is the recorded reason: file, place, what is wrong."""


class IncompleteError(Exception):
    """A delivery has not arrived completely yet; the text says what is awaited."""
