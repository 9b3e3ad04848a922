"""What is in a compressed stream: gzip, zlib, bzip2, xz, lz4, zstd. One content, no name.

Unpacks in pieces; whoever reads them counts. Streams of gzip, bzip2, xz and zstd may follow one
another, as their tools have it; anything else behind an end is refused.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import lz4.frame
import zstandard

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import PIECE_BYTES, Inner, is_bomb
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

MAX_MEMORY_BYTES = 256 << 20  # that a stream may ask of its reader, for a dictionary
_GZIP_BITS = 16 + zlib.MAX_WBITS
_SUFFIXES = {
    **dict.fromkeys((".tgz", ".tbz2", ".txz", ".tzst"), ".tar"),
    **dict.fromkeys((".gz", ".gzip", ".bz2", ".xz", ".lzma", ".zst", ".lz4", ".zlib", ".z"), ""),
}


class _Machine(Protocol):
    """A decompressor: bz2's, lzma's and lz4's are alike."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib's, made like the others."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(data or self._inner.unconsumed_tail, max_length)


_MACHINES: dict[Kind, Callable[[], _Machine]] = {
    Kind.GZIP: lambda: _Zlib(_GZIP_BITS),
    Kind.ZLIB: lambda: _Zlib(zlib.MAX_WBITS),
    Kind.BZIP2: bz2.BZ2Decompressor,
    Kind.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO, MAX_MEMORY_BYTES),
    Kind.LZ4: lz4.frame.LZ4FrameDecompressor,
}
_FAILURES = (zlib.error, OSError, lzma.LZMAError, EOFError, RuntimeError, zstandard.ZstdError)
_ZSTD_BYTES = 1024  # four make 128 KiB at most (RFC 8878, 3.1.1.2.2)
_ALONE = (Kind.ZLIB, Kind.LZ4)
STREAMS = frozenset({*_MACHINES, Kind.ZSTD})


def open_stream(look: Look) -> Iterator[Reason | Inner]:
    """The one content, under the name without its ending."""
    stem = look.basename
    for suffix, rest in _SUFFIXES.items():
        if stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)] + rest
            break
    yield Inner(stem or "content", _bounded(look))


def _bounded(look: Look) -> Iterator[bytes]:
    """The content's pieces; damage, and far more bytes than went in, are errors."""
    given = made = 0

    def packed() -> Iterator[bytes]:
        nonlocal given
        for piece in look.pieces():
            given += len(piece)
            yield piece

    unpack = _unzstd if look.kind is Kind.ZSTD else _unpacked
    try:
        for piece in unpack(look, packed()):
            made += len(piece)
            if is_bomb(given, made):
                raise BadArchive("bomb", f"{given} bytes make over {made}")
            yield piece
    except _FAILURES as e:
        raise BadArchive("damaged", f"the {look.kind} stream is damaged: {e}") from e


def _unpacked(look: Look, packed: Iterator[bytes]) -> Iterator[bytes]:
    make = _MACHINES[look.kind]
    machine, streams = make(), 1
    for piece in packed:
        rest = piece
        while rest or not machine.needs_input:
            if machine.eof:
                if not rest:
                    break
                if look.kind is Kind.GZIP and not rest.strip(b"\0"):
                    break  # padding of tapes
                if look.kind in _ALONE or streams > look.budget.limits.members:
                    raise BadArchive("trailing_bytes", f"something follows the {look.kind} stream")
                machine, streams = make(), streams + 1
            yield machine.decompress(rest, PIECE_BYTES)
            rest = machine.unused_data if machine.eof else b""
    if not machine.eof:
        raise BadArchive("truncated", f"the {look.kind} stream ends in the middle")


def _unzstd(look: Look, packed: Iterator[bytes]) -> Iterator[bytes]:
    """As its machine takes no bound for what it gives, it is fed so little that none is needed."""
    factory = zstandard.ZstdDecompressor(max_window_size=MAX_MEMORY_BYTES >> 1)
    machine = factory.decompressobj()
    for piece in packed:
        for at in range(0, len(piece), _ZSTD_BYTES):
            rest = piece[at : at + _ZSTD_BYTES]
            while rest:
                if machine.eof:
                    machine = factory.decompressobj()
                yield machine.decompress(rest)
                rest = machine.unused_data if machine.eof else b""
    if not machine.eof:
        raise BadArchive("truncated", "the zstd stream ends in the middle")
