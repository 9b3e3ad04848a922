"""Objects as entries of a pack: whole, or as what changed since another version.

Pure. A delta is found from both ends: versions of a folder or of a text mostly share a beginning
and an end, and comparing those costs next to nothing. What lies between is matched line by line.
Writes git's format (gitformat-pack).
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

MAX_CHAIN = 50  # as git: reading an object must not take a thousand others
LEVEL = 1  # networks are faster than a slow deflate; deltas save more than it would
_OFS_DELTA, _REF_DELTA = 6, 7
_MAX_COPY = 0xFFFFFF
_MAX_INSERT = 127
_WORTH_MATCHING = 256  # bytes in the middle from which lines are compared
_STORED_BYTES = 64
_MIN_DELTA_BYTES = 64  # smaller objects are cheaper whole


class Placed(NamedTuple):
    """An object that is in the pack already, and may be what the next one changes."""

    oid: bytes
    content: bytes
    offset: int
    chain: int  # deltas that lead to it


class Entries:
    """Entries of one pack, one behind the other; offsets count from the first."""

    def __init__(self, *, by_offset: bool) -> None:
        self._by_offset = by_offset  # the client understands how far back a base is
        self.position = 0

    def whole(self, type_: int, content: bytes) -> bytes:
        """An object that depends on no other."""
        entry = entry_head(type_, len(content)) + zlib.compress(content, LEVEL)
        self.position += len(entry)
        return entry

    def version(
        self,
        type_: int,
        oid: bytes,
        content: bytes,
        base: Placed | None,
        ends: tuple[int, int] | None = None,
    ) -> tuple[bytes, Placed]:
        """An object, as a change of the base where that is much shorter.

        ``ends`` are the bytes that the two share at their ends, where somebody knows.
        """
        offset, chain = self.position, 0
        if base is not None and base.chain < MAX_CHAIN and len(content) >= _MIN_DELTA_BYTES:
            delta = make_delta(base.content, content, ends)
            if len(delta) * 2 < len(content):
                chain = base.chain + 1
                entry = self._change(delta, base)
                self.position += len(entry)
                return entry, Placed(oid, content, offset, chain)
        return self.whole(type_, content), Placed(oid, content, offset, chain)

    def _change(self, delta: bytes, base: Placed) -> bytes:
        if self._by_offset:
            head = entry_head(_OFS_DELTA, len(delta)) + _distance(self.position - base.offset)
        else:
            head = entry_head(_REF_DELTA, len(delta)) + base.oid
        return head + _packed(delta)


def entry_head(type_: int, size_bytes: int) -> bytes:
    """Type and unpacked size of an entry."""
    byte, size = type_ << 4 | size_bytes & 15, size_bytes >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head)


def _packed(delta: bytes) -> bytes:
    """A zlib stream; of a short delta a stored one, which costs nothing and is as short."""
    size = len(delta)
    if size > _STORED_BYTES:
        return zlib.compress(delta, LEVEL)
    return b"\x78\x01\x01%b%b%b" % (
        size.to_bytes(2, "little"),
        (size ^ 0xFFFF).to_bytes(2, "little"),
        delta + zlib.adler32(delta).to_bytes(4, "big"),
    )


def make_delta(base: bytes, content: bytes, ends: tuple[int, int] | None = None) -> bytes:
    """How the content is made from the base."""
    start, end = ends or common_ends(base, content)
    parts = [_varint(len(base)), _varint(len(content))]
    if start:
        parts.append(_copy(0, start))
    middle = content[start : len(content) - end]
    if len(middle) >= _WORTH_MATCHING:
        parts += _match_lines(base, start, len(base) - end, middle)
    elif middle:
        parts.append(_insert(middle))
    if end:
        parts.append(_copy(len(base) - end, end))
    return b"".join(parts)


def common_ends(one: bytes, other: bytes) -> tuple[int, int]:
    """How many bytes are the same at the beginning, and at the end of what follows."""
    shorter = min(len(one), len(other))
    start = _common_start(one, other, shorter)
    most = shorter - start
    tail, other_tail = one[len(one) - most :], other[len(other) - most :]
    return start, _common_end(tail, other_tail, most)


def _common_start(one: bytes, other: bytes, most: int) -> int:
    same, step = 0, 64
    while same < most:  # longer and longer runs that are equal
        until = min(same + step, most)
        if one[same:until] != other[same:until]:
            break
        same, step = until, step * 4
    else:
        return most
    while until - same > 1:  # then closer and closer to the first difference
        middle = (same + until) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            until = middle
    return same


def _common_end(one: bytes, other: bytes, most: int) -> int:
    same, step = 0, 64
    while same < most:
        until = min(same + step, most)
        if one[most - until : most - same] != other[most - until : most - same]:
            break
        same, step = until, step * 4
    else:
        return most
    while until - same > 1:
        middle = (same + until) // 2
        if one[most - middle : most - same] == other[most - middle : most - same]:
            same = middle
        else:
            until = middle
    return same


def _match_lines(base: bytes, start: int, end: int, middle: bytes) -> list[bytes]:
    """The middle as runs of lines of the base, and what is new between them."""
    where: dict[bytes, int] = {}
    offset = start
    for text in base[start:end].splitlines(keepends=True):
        where.setdefault(text, offset)
        offset += len(text)
    parts: list[bytes] = []
    new: list[bytes] = []
    run_from = run_to = -1
    for text in middle.splitlines(keepends=True):
        found = where.get(text, -1) if len(text) > 7 or run_to >= 0 else -1
        if run_to >= 0 and base[run_to : run_to + len(text)] == text and run_to + len(text) <= end:
            run_to += len(text)
            continue
        if run_to >= 0:
            parts.append(_copy(run_from, run_to - run_from))
            run_from = run_to = -1
        if found >= 0:
            if new:
                parts.append(_insert(b"".join(new)))
                new = []
            run_from, run_to = found, found + len(text)
        else:
            new.append(text)
    if run_to >= 0:
        parts.append(_copy(run_from, run_to - run_from))
    if new:
        parts.append(_insert(b"".join(new)))
    return parts


def _copy(offset: int, size: int) -> bytes:
    if size > _MAX_COPY:
        return _copy(offset, _MAX_COPY) + _copy(offset + _MAX_COPY, size - _MAX_COPY)
    command, values = 0x80, bytearray()
    for bit in range(4):
        if byte := offset >> 8 * bit & 0xFF:
            command |= 1 << bit
            values.append(byte)
    if size != 0x10000:  # which is what no size at all means
        for bit in range(3):
            if byte := size >> 8 * bit & 0xFF:
                command |= 0x10 << bit
                values.append(byte)
    return bytes([command]) + values


def _insert(content: bytes) -> bytes:
    if len(content) <= _MAX_INSERT:
        return bytes([len(content)]) + content
    pieces = (content[at : at + _MAX_INSERT] for at in range(0, len(content), _MAX_INSERT))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _distance(offset: int) -> bytes:
    out = [offset & 0x7F]
    offset >>= 7
    while offset:
        offset -= 1
        out.append(offset & 0x7F | 0x80)
        offset >>= 7
    return bytes(reversed(out))
