"""The header of a GGUF file, taken step by step.

Every count and length in a header was chosen by whoever made the file, so each is compared with
what is left of the file, and with a limit, before anything is allocated for it. Knows bytes and
types, not what they mean. One window of the file is held at a time.
"""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.values import NUMBER_DTYPES, ValueType

MAX_HEADER_BYTES = 96 << 20  # Llama 3's has 8 MB, the largest vocabularies 25 MB
MAX_STRING_BYTES = 16 << 20
MAX_STRINGS = 1 << 21  # in all arrays together; Llama 3 has 408,403 tokens and merges
LENGTH_BYTES = 8
_WINDOW_BYTES = 1 << 20
_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")


class HeaderBytes:
    """Reads forward through a file of known size; whatever does not fit is a BadGguf."""

    def __init__(self, descriptor: int, file_bytes: int, where: str) -> None:
        self._descriptor = descriptor
        self._file_bytes = file_bytes
        self._where = where
        self._window = b""
        self._start = 0  # of the window, in the file
        self._at = 0  # in the window
        self._strings_left = MAX_STRINGS

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._start + self._at

    @property
    def left(self) -> int:
        """Bytes of the file that are not taken yet."""
        return self._file_bytes - self.position

    def take(self, count: int, what: str) -> bytes:
        """The next ``count`` bytes."""
        if count > self.left:
            raise BadGguf(
                "truncated",
                f"{self._where}: {what} needs {count} bytes at byte {self.position}, "
                f"the file has {self.left} more",
            )
        if self.position + count > MAX_HEADER_BYTES:
            raise BadGguf(
                "header_too_large", f"{self._where}: the header is over {MAX_HEADER_BYTES} bytes"
            )
        if self._at + count > len(self._window):
            self._refill(count)
        self._at += count
        return self._window[self._at - count : self._at]

    def u32(self, what: str) -> int:
        """An unsigned number of 32 bits."""
        value: int = _U32.unpack(self.take(4, what))[0]
        return value

    def u64(self, what: str) -> int:
        """An unsigned number of 64 bits."""
        value: int = _U64.unpack(self.take(8, what))[0]
        return value

    def string(self, what: str, limit_bytes: int = MAX_STRING_BYTES) -> str:
        """A string and its length before it."""
        size_bytes = self.u64(f"the length of {what}")
        if size_bytes > limit_bytes:
            raise BadGguf(
                "string_too_long",
                f"{self._where}: {what} announces {size_bytes} bytes, over {limit_bytes}",
            )
        try:
            return self.take(size_bytes, what).decode()
        except UnicodeDecodeError as e:
            raise self._not_utf8(what) from e

    def strings(self, count: int, what: str) -> tuple[str, ...]:
        """So many strings, one after the other."""
        if count * LENGTH_BYTES > self.left:
            raise self._too_many(count, what)
        if count > self._strings_left:
            raise BadGguf(
                "too_many_strings", f"{self._where}: arrays hold more than {MAX_STRINGS} strings"
            )
        self._strings_left -= count
        found: list[str] = []
        while len(found) < count:
            self._strings_in_window(found, count, what)
            if len(found) < count:
                found.append(self.string(what))  # cut by the window's end, or too long
        return tuple(found)

    def numbers(self, type_: ValueType, count: int, what: str) -> NDArray[Any]:
        """So many numbers of one type; booleans are 0 and 1 and nothing else."""
        stored = NUMBER_DTYPES[type_]
        if count * stored.itemsize > self.left:
            raise self._too_many(count, what)
        raw = self.take(count * stored.itemsize, what)
        if type_ is ValueType.BOOL and raw.translate(None, b"\0\1"):
            raise BadGguf("bad_bool", f"{self._where}: {what} holds a boolean that is not 0 or 1")
        return np.frombuffer(raw, stored)

    def _strings_in_window(self, found: list[str], count: int, what: str) -> None:
        """Take strings while they lie wholly in the window: the loop that a vocabulary costs."""
        window, at, end = self._window, self._at, len(self._window)
        length_at = _U64.unpack_from
        try:
            while len(found) < count and at + LENGTH_BYTES <= end:
                stop = at + LENGTH_BYTES + length_at(window, at)[0]
                if stop > end:
                    break
                found.append(window[at + LENGTH_BYTES : stop].decode())
                at = stop
        except UnicodeDecodeError as e:
            raise self._not_utf8(what) from e
        self._at = at

    def _refill(self, count: int) -> None:
        start = self.position
        wanted = min(max(count, _WINDOW_BYTES), self._file_bytes - start)
        parts, read = [], 0
        while read < wanted:
            part = os.pread(self._descriptor, wanted - read, start + read)
            if not part:
                raise BadGguf("truncated", f"{self._where} became shorter while it was read")
            parts.append(part)
            read += len(part)
        self._window, self._start, self._at = b"".join(parts), start, 0

    def _too_many(self, count: int, what: str) -> BadGguf:
        return BadGguf(
            "array_too_long",
            f"{self._where}: {what} announces {count} elements, the file has {self.left} more "
            "bytes",
        )

    def _not_utf8(self, what: str) -> BadGguf:
        return BadGguf("not_utf8", f"{self._where}: {what} is not UTF-8")
