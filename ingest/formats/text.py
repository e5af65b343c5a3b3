"""Text files as blocks of whole lines: bounded memory, UTF-8, and the exact number of every physical line."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ingest.refusal import RefusedError

BLOCK_BYTES = 8 << 20
ROW_LIMIT = 1 << 20  # bytes as delivered; more breaks the contract
LINE_LIMIT = 16 << 20  # what is kept of one line, so that a file without line ends does not fill the memory
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ByteStream(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Block:
    """Whole lines in UTF-8; undecodable bytes are replaced and their line numbers listed."""

    text: bytes
    first_line: int
    undecodable: tuple[int, ...]


@contextmanager
def open_file(path: Path, compression: str) -> Iterator[BinaryIO]:
    """The decompressed bytes of a file; RefusedError when it is truncated or not of its kind."""
    try:
        with path.open("rb") as file:
            if compression == "gzip":
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield file
    except EOFError:
        raise RefusedError(f"{path.name} is truncated: its gzip stream ends too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise RefusedError(f"{path.name} is no sound gzip file") from None


def blocks(stream: ByteStream, encoding: str, first_line: int = 1, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Cut a stream into blocks of whole lines, at most ``size`` bytes or one line."""
    line = first_line
    for number, lines in enumerate(_whole_lines(stream, size)):
        if number == 0 and first_line == 1 and encoding == "utf-8":
            lines = lines.removeprefix(BYTE_ORDER_MARK)  # noqa: PLW2901
        yield _decode(lines, encoding, line)
        line += lines.count(b"\n")


def _whole_lines(stream: ByteStream, size: int) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(size):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield rest + chunk[:cut]
            rest = chunk[cut:]
        elif len(rest) < LINE_LIMIT:
            rest += chunk
    if rest:
        yield rest


def _decode(lines: bytes, encoding: str, first_line: int) -> Block:
    """To UTF-8; line by line only when some bytes cannot be decoded."""
    try:
        text = lines.decode(encoding)
        return Block(lines if encoding == "utf-8" else text.encode(), first_line, ())
    except UnicodeError:
        pass
    decoded, undecodable = io.BytesIO(), []
    for number, line in enumerate(lines.split(b"\n")):
        if number:
            decoded.write(b"\n")
        try:
            decoded.write(line.decode(encoding).encode())
        except UnicodeError:
            undecodable.append(first_line + number)
            decoded.write(line.decode(encoding, "replace").encode("utf-8", "replace"))
    return Block(decoded.getvalue(), first_line, tuple(undecodable))


def is_too_long(row: bytes, encoding: str) -> bool:
    """Whether a row (UTF-8, without its line end) has more than the limit in the bytes that were delivered."""
    if encoding == "utf-8" or len(row) * 2 <= ROW_LIMIT:
        return len(row) > ROW_LIMIT
    return len(row.decode().encode(encoding, "replace")) > ROW_LIMIT
