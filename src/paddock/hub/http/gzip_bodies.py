"""Request bodies that may be compressed, unpacked into a file as they arrive.

A few bytes can unpack into gigabytes: what comes out is counted and refused over a limit, whatever
the body's own size is. Knows the codings that git sends.
"""

from __future__ import annotations

import zlib
from typing import IO

from fastapi import Request

from paddock.errors import BadInput, TooLarge, shown

_GZIP = zlib.MAX_WBITS | 16
_PIECE_BYTES = 1 << 20


class BadEncoding(BadInput):
    """The body's coding is not one that is understood, or the body is not in it."""

    code = "bad_content_encoding"
    status = 415


class BodyFile:
    """Writes a body to a file, unpacked, and refuses more than ``limit_bytes``."""

    def __init__(self, request: Request, target: IO[bytes], limit_bytes: int) -> None:
        coding = request.headers.get("content-encoding", "identity").strip().lower()
        if coding not in {"identity", "gzip", "x-gzip"}:
            raise BadEncoding(f"the content coding {shown(coding)} is not understood")
        self._unpacker = None if coding == "identity" else zlib.decompressobj(_GZIP)
        self._target, self._left_bytes, self._limit_bytes = target, limit_bytes, limit_bytes

    def write(self, piece: bytes) -> None:
        """Take the next piece of the body; raises BadEncoding, TooLarge."""
        if self._unpacker is None:
            self._keep(piece)
            return
        while piece:
            try:
                unpacked = self._unpacker.decompress(piece, _PIECE_BYTES)
            except zlib.error as e:
                raise BadEncoding("the body is not gzip, as it says it is") from e
            self._keep(unpacked)
            if self._unpacker.eof:
                break
            piece = self._unpacker.unconsumed_tail

    def finish(self) -> None:
        """The body has ended; raises BadEncoding when it ended too early."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise BadEncoding("the body ends in the middle of its compressed data")

    def _keep(self, unpacked: bytes) -> None:
        self._left_bytes -= len(unpacked)
        if self._left_bytes < 0:
            raise TooLarge(f"the body unpacks to more than {self._limit_bytes} bytes")
        self._target.write(unpacked)
