"""Zip archives as PyTorch and NumPy write them, and no others.

Members back to back from byte zero, each local header agreeing with the central directory, nothing
before, between or after (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4). Such an archive reads the same
in every program; anything else is refused before a member is read. Members are stored or, where the
caller allows it, deflated; a deflated one is inflated piece by piece, to the length that was
announced.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.tensors import PIECE_BYTES, read_range

MAX_MEMBERS = 30_000  # Llama 3.1 405B has 1138 tensors
MAX_DIRECTORY_BYTES = 64 << 20
MAX_NAME_BYTES = 512
MAX_RATIO = 1032  # what deflate can reach (zlib, "Maximum Compression Factor")
STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64_EXTRA = 1
_IN_ZIP64 = 0xFFFFFFFF
_HAS_DESCRIPTOR, _UTF8, _SPEED = 1 << 3, 1 << 11, 0b110
_DESCRIPTOR = b"PK\x07\x08"


class Member(NamedTuple):
    """A file in the archive; ``start`` is where its bytes begin."""

    name: str
    crc32: int
    size_bytes: int
    start: int
    packed_bytes: int
    method: int = STORED


class _Record(NamedTuple):
    """A central directory record."""

    name: bytes
    flags: int
    crc32: int
    size_bytes: int
    packed_bytes: int
    offset: int
    method: int


def read_members(path: Path, *, methods: Container[int] = (STORED,)) -> dict[str, Member]:
    """Every member by name, after the whole structure was checked; raises BadArchive."""
    with path.open("rb") as file:
        file_bytes = os.fstat(file.fileno()).st_size
        start, size, count = _find_directory(file, file_bytes, path.name)
        file.seek(start)
        records = _parse_directory(file.read(size), count, path.name)
        for record in records:
            _check_method(record, methods, path.name)
        members: dict[str, Member] = {}
        at = 0
        for record in sorted(records, key=lambda r: r.offset):
            member, at = _check_member(file, record, at, path.name)
            if member.name in members:
                raise _bad("duplicate_member", path.name, f"{member.name!a} is in it twice")
            members[member.name] = member
        if at != start:
            raise _bad("hidden_bytes", path.name, f"{start - at} bytes belong to no member")
    return members


def read_member(path: Path, member: Member) -> Iterator[bytes]:
    """The member's bytes in pieces; the last is followed by a check of the CRC."""
    crc = 0
    packed = read_range(path, member.start, member.start + member.packed_bytes)
    pieces = _inflated(packed, member, path.name) if member.method == DEFLATED else packed
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
        yield piece
    if crc != member.crc32:
        raise _bad("bad_crc", path.name, f"the bytes of {member.name!a} do not match their CRC")


def read_beginning(path: Path, member: Member, most_bytes: int) -> bytes:
    """The member's first bytes, unchecked; of a deflated one no more is inflated."""
    enough = most_bytes if member.method == STORED else 2 * most_bytes + 1024  # it may have grown
    with path.open("rb", buffering=0) as file:
        raw = os.pread(file.fileno(), min(enough, member.packed_bytes), member.start)
    if member.method == STORED:
        return raw
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, most_bytes)
    except zlib.error:
        raise _bad("bad_member", path.name, f"{member.name!a} cannot be inflated") from None


def _inflated(packed: Iterator[bytes], member: Member, where: str) -> Iterator[bytes]:
    """Pieces of at most ``PIECE_BYTES``, as many as were announced and not one more."""
    inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), member.size_bytes
    try:
        for piece in packed:
            rest = piece
            while rest and not inflater.eof:
                out = inflater.decompress(rest, min(PIECE_BYTES, left + 1))
                rest, left = inflater.unconsumed_tail, left - len(out)
                if left < 0:
                    break
                if out:
                    yield out
            if left < 0 or rest or (inflater.eof and inflater.unused_data):
                break
    except zlib.error:
        raise _bad("bad_member", where, f"{member.name!a} cannot be inflated") from None
    if left or not inflater.eof or inflater.unused_data:
        raise _bad("bad_member", where, f"{member.name!a} is not of the announced length")


def _bad(reason: str, where: str, what: str) -> BadArchive:
    return BadArchive(reason, f"{where}: {what}")


def _find_directory(file: BinaryIO, file_bytes: int, where: str) -> tuple[int, int, int]:
    """Start, size and number of records of the central directory, which ends the file."""
    if file_bytes < _END.size:
        raise _bad("not_zip", where, "this is no zip archive")
    file.seek(file_bytes - _END.size)
    end_at = file_bytes - _END.size
    magic, disk, first_disk, here, count, size, start, comment = _END.unpack(file.read(_END.size))
    if magic != b"PK\x05\x06":
        raise _bad("not_zip", where, "this is no zip archive, or something was appended to it")
    if disk or first_disk or here != count or comment:
        raise _bad("multi_disk", where, "an archive in several parts, or with a comment")
    size64 = _read_end64(file, end_at, where)
    if size64:
        narrow = (min(size64[1], _IN_ZIP64), min(size64[2], _IN_ZIP64), min(size64[3], 0xFFFF))
        if (size, start, count) != narrow:
            raise _bad("mismatch", where, "its two end records disagree")
        end_at, size, start, count = size64
    if start + size != end_at or size > MAX_DIRECTORY_BYTES or count > MAX_MEMBERS:
        raise _bad("bad_directory", where, "its directory is not where and what it says it is")
    return start, size, count


def _read_end64(file: BinaryIO, end_at: int, where: str) -> tuple[int, int, int, int] | None:
    """Where the zip64 end record is and what it says: position, size, start, count."""
    locator_at = end_at - _END64_LOCATOR.size
    if locator_at < _END64.size:
        return None
    file.seek(locator_at)
    magic, disk, position, disks = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if magic != b"PK\x06\x07":
        return None
    if disk or disks != 1 or position != locator_at - _END64.size:
        raise _bad("bad_directory", where, "its zip64 locator points elsewhere")
    file.seek(position)
    record = _END64.unpack(file.read(_END64.size))
    if record[0] != b"PK\x06\x06" or record[1] != _END64.size - 12 or record[6] != record[7]:
        raise _bad("bad_directory", where, "its zip64 end record is damaged")
    return position, record[8], record[9], record[7]


def _parse_directory(raw: bytes, count: int, where: str) -> list[_Record]:
    records, at = [], 0
    while at < len(raw):
        head = raw[at : at + _CENTRAL.size]
        if len(head) < _CENTRAL.size or head[:4] != b"PK\x01\x02":
            raise _bad("bad_directory", where, "its directory is damaged")
        values = _CENTRAL.unpack(head)
        flags, method, crc32, packed, size_bytes = values[3], values[4], *values[7:10]
        name_bytes, extra_bytes, comment_bytes, disk = values[10:14]
        name_at = at + _CENTRAL.size
        extra_at = name_at + name_bytes
        at = extra_at + extra_bytes + comment_bytes
        if at > len(raw) or disk or comment_bytes:
            raise _bad("bad_directory", where, "its directory is damaged")
        extra = raw[extra_at : extra_at + extra_bytes]
        size_bytes, packed, offset = _zip64_values(extra, (size_bytes, packed, values[16]), where)
        name = raw[name_at:extra_at]
        records.append(_Record(name, flags, crc32, size_bytes, packed, offset, method))
    if len(records) != count:
        raise _bad("bad_directory", where, f"{len(records)} members, {count} announced")
    return records


def _check_method(record: _Record, methods: Container[int], where: str) -> None:
    if record.flags & ~(_HAS_DESCRIPTOR | _UTF8 | _SPEED) or record.method not in methods:
        raise _bad("not_stored", where, "a member is encrypted, or compressed in a way not read")
    if record.method == STORED and record.packed_bytes != record.size_bytes:
        raise _bad("mismatch", where, "a stored member has two lengths")
    if record.size_bytes > MAX_RATIO * record.packed_bytes:
        raise _bad("bomb", where, "a member inflates to more than it possibly can")


def _zip64_values(extra: bytes, narrow: tuple[int, ...], where: str) -> list[int]:
    """Size, packed size and offset, from the zip64 extra field where 32 bits do not do."""
    wide, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_EXTRA:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    values = []
    for value in narrow:
        if value == _IN_ZIP64:
            if len(wide) < 8:
                raise _bad("bad_directory", where, "a zip64 field is missing")
            value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        values.append(value)
    return values


def _check_member(file: BinaryIO, record: _Record, at: int, where: str) -> tuple[Member, int]:
    """The member at ``at``, its local header compared with the directory, and where it ends."""
    name = _checked_name(record, where)
    if record.offset != at:
        raise _bad("hidden_bytes", where, f"{name!a} does not begin where the one before it ends")
    file.seek(at)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise _bad("bad_member", where, f"{name!a} has no local header")
    values = _LOCAL.unpack(head)
    flags, method, crc32, packed, size_bytes = values[2], values[3], *values[6:9]
    if (file.read(values[9]), flags, method) != (record.name, record.flags, record.method):
        raise _bad("mismatch", where, f"{name!a} differs between its header and the directory")
    extra = file.read(values[10])
    if not flags & _HAS_DESCRIPTOR:
        sizes = _zip64_values(extra, (size_bytes, packed), where)
        if (crc32, *sizes) != (record.crc32, record.size_bytes, record.packed_bytes):
            raise _bad("mismatch", where, f"{name!a} differs between its header and the directory")
    start = at + _LOCAL.size + values[9] + values[10]
    end = start + record.packed_bytes
    if flags & _HAS_DESCRIPTOR:
        file.seek(end)
        end += _descriptor_bytes(file.read(24), record, where)
    member = Member(
        name, record.crc32, record.size_bytes, start, record.packed_bytes, record.method
    )
    return member, end


def _descriptor_bytes(raw: bytes, record: _Record, where: str) -> int:
    """Length of the data descriptor after a member; it must repeat the directory."""
    sizes = (record.packed_bytes, record.size_bytes)
    for layout, most in (("<4s3L", _IN_ZIP64), ("<4sL2Q", 1 << 64)):
        limited = (min(size, most) for size in sizes)
        told = struct.pack(layout, _DESCRIPTOR, record.crc32, *limited)
        if raw[: len(told)] == told:
            return len(told)
    raise _bad("mismatch", where, "a data descriptor disagrees with the directory")


def _checked_name(record: _Record, where: str) -> str:
    raw = record.name
    try:
        name = raw.decode("utf-8" if record.flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        name = ""
    parts = name.split("/")
    if not name.isprintable() or len(raw) > MAX_NAME_BYTES or "\\" in name:
        parts = []
    if not parts or any(part in ("", ".", "..") for part in parts):
        raise _bad("bad_name", where, f"a member is called {raw[:80]!r}")
    return name
