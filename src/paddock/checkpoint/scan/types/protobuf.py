"""Protocol buffers' wire format, walked without a schema and without copying.

Knows fields, numbers and lengths (the encoding's documentation, "Message structure"). Every length
is compared with what is left before anything is read; groups, unused since 2008, are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint

MAX_FIELDS = 5_000_000
_VARINT_BYTES = 10
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class BadProtobuf(BadCheckpoint):
    """A protocol buffer breaks the wire format."""

    code = "bad_protobuf"


class Field(NamedTuple):
    """A field: where its value is, or of a number what it is."""

    number: int
    wire: int
    value: int
    start: int
    end: int


ReadAt = Callable[[int, int], bytes]


def fields(read_at: ReadAt, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in ``[start, end)``; nested ones are ranges, not read."""
    at, count = start, 0
    while at < end:
        count += 1
        if count > MAX_FIELDS:
            raise BadProtobuf("too_many", f"over {MAX_FIELDS} fields")
        field = _field(read_at(at, min(2 * _VARINT_BYTES, end - at)), at, end)
        yield field
        at = field.end


def _field(raw: bytes, at: int, end: int) -> Field:
    key, used = _varint(raw, 0)
    number, wire = key >> 3, key & 7
    if not 0 < number < 1 << 29:
        raise BadProtobuf("bad_field", f"field number {number} at byte {at}")
    if wire == VARINT:
        value, used = _varint(raw, used)
        return Field(number, wire, value, at + used, at + used)
    if wire == BYTES:
        size, used = _varint(raw, used)
    elif wire in (FIXED32, FIXED64):
        size = 4 if wire == FIXED32 else 8
    else:
        raise BadProtobuf("bad_field", f"wire type {wire} at byte {at}")
    if size > end - at - used:
        raise BadProtobuf("truncated", f"a field of {size} bytes at byte {at} runs past the end")
    value = int.from_bytes(raw[used : used + size], "little") if wire != BYTES else 0
    return Field(number, wire, value, at + used, at + used + size)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_BYTES):
        if at + index >= len(raw):
            break
        byte = raw[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value & (1 << 64) - 1, at + index + 1
    raise BadProtobuf("truncated", "a number does not end")


class FileWindow:
    """Reads out of a file through one window, since a walk takes small steps."""

    WINDOW_BYTES = 1 << 18

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._start = 0
        self._window = b""

    def __enter__(self) -> FileWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read_at(self, at: int, count: int) -> bytes:
        """``count`` bytes from ``at``, fewer at the end."""
        offset = at - self._start
        if not 0 <= offset <= len(self._window) - count:
            self._file.seek(at)
            self._window = self._file.read(max(count, self.WINDOW_BYTES))
            self._start, offset = at, 0
        return self._window[offset : offset + count]
