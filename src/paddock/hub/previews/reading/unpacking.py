"""A packed file's text: as much of its beginning as is unpacked, in memory.

What is packed as a whole cannot be read from its middle. So it is unpacked once, from the start,
and no further than a bound that was set before: however much the rest would be, it is not made.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import zstandard

from paddock.hub.previews.formats import Packing
from paddock.hub.previews.reading.bounds import (
    UNPACKED_BYTES,
    UNPACKING_WINDOW_BYTES,
    Unreadable,
)
from paddock.hub.previews.reading.source import Source

_TAKEN_BYTES = 256 << 10  # at once
_GZIP = 16 + zlib.MAX_WBITS


class Unpacked:
    """The text; ``note`` says why there is no more of it, where there is."""

    def __init__(self, source: Source, packing: Packing) -> None:
        pieces = _gzip(source) if packing is Packing.GZIP else _zstd(source)
        content, self.note = _bounded(pieces)
        self._content = content
        self.is_cut = bool(self.note)
        self.size_bytes = len(content)

    def range(self, start: int, end: int) -> bytes:
        """These bytes of the text."""
        return bytes(memoryview(self._content)[start:end])


class _Damaged(Exception):
    """The packed bytes are none, or end too early."""


def _bounded(pieces: Iterator[bytes]) -> tuple[bytearray, str]:
    content = bytearray()
    try:
        for piece in pieces:
            left = UNPACKED_BYTES - len(content)
            content += piece[:left]
            if len(piece) > left:
                return content, (
                    f"The file is packed as a whole: the first {UNPACKED_BYTES >> 20} MiB of what "
                    "is in it are shown."
                )
    except (_Damaged, zlib.error, zstandard.ZstdError) as e:
        if not content:
            raise Unreadable(f"the file cannot be unpacked: {e}") from None
        return content, f"The file cannot be unpacked to its end: {e}."
    return content, ""


def _gzip(source: Source) -> Iterator[bytes]:
    """The members of the file, one after the other (RFC 1952)."""
    unpacker, is_begun, source_at = zlib.decompressobj(_GZIP), False, 0
    waiting = b""
    while waiting or source_at < source.size_bytes:
        if not waiting:
            end = min(source_at + _TAKEN_BYTES, source.size_bytes)
            waiting, source_at = source.range(source_at, end), end
        if unpacker.eof:
            if not waiting.strip(b"\0"):  # what tapes and blocks are filled up with
                waiting = b""
                continue
            unpacker = zlib.decompressobj(_GZIP)
        is_begun = True
        yield unpacker.decompress(waiting, _TAKEN_BYTES)
        waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not is_begun or not unpacker.eof:
        raise _Damaged("it ends too early")


def _zstd(source: Source) -> Iterator[bytes]:
    """The frames of the file, one after the other (RFC 8878)."""
    source.seek(0)
    packed = io.BufferedReader(source, _TAKEN_BYTES)
    unpacker = zstandard.ZstdDecompressor(max_window_size=UNPACKING_WINDOW_BYTES)
    with unpacker.stream_reader(packed, read_across_frames=True, closefd=False) as reader:
        while piece := reader.read(_TAKEN_BYTES):
            yield piece
