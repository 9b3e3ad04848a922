"""The bytes of a pack that somebody sent: from end to end first, then anywhere.

Knows git's pack format (gitformat-pack): header, entries' heads, zlib streams, trailer. Does not
know objects or deltas. No stream is unpacked further than its entry says.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from paddock.errors import BadInput, TooLarge

MAX_OBJECTS = 1_000_000
_SMALL_BYTES = 16 << 10
_READ_BYTES = 64 << 10
_SMALLEST_ENTRY_BYTES = 9  # a head and an empty zlib stream


class BadPack(BadInput):
    """The pack is damaged, or not one that git would send."""

    code = "bad_pack"


class PackBytes:
    """The pack's bytes: from end to end first, then anywhere."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        file.flush()
        self._fd = file.fileno()
        self._start, self._end = start, file.seek(0, os.SEEK_END)
        self.position = start
        self._window, self._window_at = b"", 0

    def read_header(self) -> int:
        if self._end - self._start < 32:
            raise BadPack("the pack is missing or cut off")
        magic, version, count = struct.unpack(">4sII", self.read_exactly(12))
        if magic != b"PACK" or version not in (2, 3):
            raise BadPack("what follows the commands is not a pack")
        most = (self._end - self._start) // _SMALLEST_ENTRY_BYTES
        if count > MAX_OBJECTS:
            hint = "push the history in parts"
            raise TooLarge(f"the pack has {count} objects, more than {MAX_OBJECTS}", hint=hint)
        if count > most:
            raise BadPack(f"the pack claims {count} objects and is too short for them")
        return int(count)

    def read_exactly(self, size: int) -> bytes:
        content = self._peek(self.position, size)[:size]
        if len(content) < size:
            raise BadPack("the pack is cut off")
        self.position += size
        return content

    def read_head(self) -> tuple[int, int]:
        """An entry's type and unpacked size."""
        byte = self.read_exactly(1)[0]
        type_, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            byte = self.read_exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > 60:
                raise BadPack("an entry's size is not a number of bytes")
        return type_, size

    def read_distance(self) -> int:
        """How far back the base of a delta begins."""
        byte = self.read_exactly(1)[0]
        distance = byte & 0x7F
        for _ in range(9):
            if not byte & 0x80:
                return distance
            byte = self.read_exactly(1)[0]
            distance = distance + 1 << 7 | byte & 0x7F
        raise BadPack("a delta's base is too far away")

    def skip_stream(self, size: int, take: Callable[[bytes], object] | None) -> None:
        """Go behind a zlib stream of ``size`` bytes, giving its content away piece by piece."""
        if (small := self._inflate_small(self.position, size)) is not None:
            content, self.position = small
            if take is not None:
                take(content)
            return
        for piece, end in self._inflate(self.position, size):
            if take is not None:
                take(piece)
            self.position = end

    def unpack(self, offset: int, size: int, most: int) -> bytes:
        """A stream that was read before."""
        if size > most:
            raise TooLarge(f"a delta of {size} bytes is over the limit of {most}")
        if (small := self._inflate_small(offset, size)) is not None:
            return small[0]
        return b"".join(piece for piece, _ in self._inflate(offset, size))

    def check_trailer(self) -> None:
        digest = hashlib.sha1(usedforsecurity=False)
        if self._end - self.position != 20:
            raise BadPack("the pack does not end where its last object does")
        at = self._start
        while at < self.position:
            piece = os.pread(self._fd, min(1 << 20, self.position - at), at)
            if not piece:
                raise BadPack("the pack is cut off")
            digest.update(piece)
            at += len(piece)
        if digest.digest() != os.pread(self._fd, 20, self.position):
            raise BadPack("the pack's bytes do not have its digest: it was damaged on its way")

    def _inflate_small(self, offset: int, size: int) -> tuple[bytes, int] | None:
        """A short stream in one step, and where it ends; None: ``_inflate`` says what it is."""
        if size > _SMALL_BYTES:
            return None
        packed = self._peek(offset, size + 64)
        unpacker = zlib.decompressobj()
        try:
            content = unpacker.decompress(packed, size + 1)
        except zlib.error:
            return None
        if not unpacker.eof or len(content) != size:
            return None
        return content, offset + len(packed) - len(unpacker.unused_data)

    def _inflate(self, offset: int, size: int) -> Iterator[tuple[bytes, int]]:
        """Pieces of a stream's content, each with where the bytes read so far end."""
        unpacker = zlib.decompressobj()
        left = size
        packed = self._peek(offset, min(size + 64, _READ_BYTES))
        at = offset + len(packed)
        while True:
            if not packed:
                raise BadPack(f"the object at {offset} is cut off")
            try:
                piece = unpacker.decompress(packed, min(left + 1, 1 << 20))
            except zlib.error as e:
                raise BadPack(f"the object at {offset} is not compressed as it should be") from e
            left -= len(piece)
            if left < 0:
                raise BadPack(f"the object at {offset} has more bytes than it says")
            if unpacker.eof:
                if left:
                    raise BadPack(f"the object at {offset} has fewer bytes than it says")
                yield piece, at - len(unpacker.unused_data)
                return
            yield piece, at
            packed = unpacker.unconsumed_tail
            if not packed:
                packed = self._peek(at, _READ_BYTES)
                at += len(packed)

    def _peek(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, as many as there are in the window that is read anyway."""
        start = offset - self._window_at
        if start < 0 or start + size > len(self._window):
            self._window = os.pread(self._fd, max(size, _READ_BYTES), offset)
            self._window_at, start = offset, 0
        most = max(0, self._end - offset)
        return self._window[start : start + min(size, most)]
