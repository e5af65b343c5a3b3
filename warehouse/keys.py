"""The secret key and the pseudonyms made with it.

A plain hash of an ID number is reversed in minutes by trying all numbers; a keyed one is not (design decision 10).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sys

import duckdb

from warehouse.errors import GlifeError
from warehouse.settings import Settings

_SEPARATOR = "\x1f"
_BLOCK = 64  # bytes that SHA-256 works on at once
_LENGTH = 32  # hex characters: 128 bits


def load_key(settings: Settings) -> bytes:
    """The pseudonym key; made once with mode 600 when absent. Raises GlifeError when it is unreadable or too short."""
    path = settings.key_file
    if not path.exists():
        _make_key(settings)
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise GlifeError(f"the pseudonym key cannot be read ({error.strerror})", str(path), "check GLIFE_KEY_FILE") from None
    if len(key) < 32:
        raise GlifeError("the pseudonym key is shorter than 32 bytes", str(path), "restore the key from its safe")
    return key


def _make_key(settings: Settings) -> None:
    path = settings.key_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(secrets.token_hex(32).encode())
    draft.chmod(0o600)
    try:
        os.link(draft, path)  # fails when another process was first: its key is the key
    except FileExistsError:
        return
    finally:
        draft.unlink()
    print(
        f"note: made a new pseudonym key at {path}; in production keep it elsewhere (GLIFE_KEY_FILE): "
        "customer ids are the same only under the same key",
        file=sys.stderr,
    )


def pseudonym(key: bytes, *parts: str) -> str:
    """Keyed pseudonym of the parts: 32 hex characters of HMAC-SHA256 over the parts joined by U+001F."""
    return hmac.digest(key, _SEPARATOR.join(parts).encode(), "sha256").hex()[:_LENGTH]


def register(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give SQL the function ``glife_hmac(text) -> text``: the pseudonym of one already joined text.

    DuckDB hashes columns on all threads, which a Python function cannot. The keyed pads of RFC 2104 are variables of the
    connection: no SQL text, catalog or log holds them.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    for name, pad in (("glife_inner_pad", 0x36), ("glife_outer_pad", 0x5C)):
        connection.execute(f"set variable {name} = ?::blob", [bytes(byte ^ pad for byte in block)])
    connection.execute(
        "create or replace temp macro glife_hmac(text) as left(sha256(getvariable('glife_outer_pad') || "
        f"unhex(sha256(getvariable('glife_inner_pad') || encode(text)))), {_LENGTH})"
    )
