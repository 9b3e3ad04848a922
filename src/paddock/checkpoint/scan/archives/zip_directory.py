"""A zip archive's structure, read so that every program must see the same members.

Compression is allowed here, unlike in ``pytorch.zip_archive``; ambiguity is not: the directory ends
the file, the members stand back to back from byte zero, and each local header says what the
directory says (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4). Unpacks nothing.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from paddock.checkpoint.errors import BadArchive

MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 64 << 20
_MAX_COMMENT_BYTES = 1 << 16
STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_WIDE = 0xFFFFFFFF
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_DESCRIPTOR, _UTF8 = 1 << 3, 1 << 11
_COMPARED_FLAGS = _ENCRYPTED | _DESCRIPTOR | _UTF8
_ZIP64_EXTRA, _UNICODE_NAME_EXTRA = 0x0001, 0x7075


class ZipMember(NamedTuple):
    """A member: ``start`` is where its packed bytes begin, ``mode`` its Unix file mode, or 0."""

    name: str
    method: int
    crc32: int
    packed_bytes: int
    size_bytes: int
    start: int
    mode: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


class _End(NamedTuple):
    """The directory: where it begins, its bytes and its records."""

    start: int
    size: int
    members: int


class _Record(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc32: int
    packed_bytes: int
    size_bytes: int
    offset: int
    mode: int


def read_directory(path: Path) -> tuple[ZipMember, ...]:
    """Every member in the order of its bytes, after the whole structure was checked."""
    with path.open("rb") as file:
        end = _find_end(file, os.fstat(file.fileno()).st_size)
        file.seek(end.start)
        records = _parse_records(file.read(end.size), end.members)
        members, at = [], 0
        for record in sorted(records, key=lambda record: record.offset):
            if record.offset != at:
                raise _bad("hidden_bytes", f"{record.name!a} does not begin at byte {at}")
            member, at = _read_member(file, record)
            members.append(member)
        if at != end.start:
            raise _bad("hidden_bytes", f"{end.start - at} bytes belong to no member")
    return tuple(members)


def _bad(reason: str, what: str) -> BadArchive:
    return BadArchive(reason, what)


def _find_end(file: BinaryIO, file_bytes: int) -> _End:
    """Where the directory is. Its end record ends the file, with a short comment at most."""
    tail_at = max(0, file_bytes - _END.size - _MAX_COMMENT_BYTES)
    file.seek(tail_at)
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise _bad("not_zip", "it has no end record, or much follows it")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, found)
    end_at = tail_at + found
    if found + _END.size + comment != len(tail):
        raise _bad("trailing_bytes", "something was appended to the archive")
    text = tail[found + _END.size :]
    if not text.isascii() or b"\0" in text:
        raise _bad("hidden_bytes", "its comment is no text")
    wide = _read_end64(file, end_at)
    if disk or first_disk or here != count:
        raise _bad("multi_disk", "it is one part of several")
    if wide:
        if (size, start, count) != (
            _narrow(size, wide.size, _WIDE),
            _narrow(start, wide.start, _WIDE),
            _narrow(count, wide.members, 0xFFFF),
        ):
            raise _bad("mismatch", "its two end records disagree")
        end_at -= _LOCATOR.size + _END64.size
    end = wide or _End(start, size, count)
    if end.start + end.size != end_at:
        raise _bad("hidden_bytes", "its directory is not where it says, or something precedes it")
    if end.size > MAX_DIRECTORY_BYTES or end.members > MAX_MEMBERS:
        raise _bad("too_many", f"{end.members} members in a directory of {end.size} bytes")
    return end


def _narrow(said: int, value: int, mark: int) -> int:
    """What a 16 or 32-bit field must hold beside its 64-bit twin: the value, or only a mark."""
    return mark if said == mark else value


def _read_end64(file: BinaryIO, end_at: int) -> _End | None:
    locator_at = end_at - _LOCATOR.size
    if locator_at < _END64.size:
        return None
    file.seek(locator_at)
    magic, disk, position, disks = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if magic != b"PK\x06\x07":
        return None
    if disk or disks > 1 or position != locator_at - _END64.size:
        raise _bad("bad_directory", "its zip64 locator points elsewhere")
    file.seek(position)
    values = _END64.unpack(file.read(_END64.size))
    if values[0] != b"PK\x06\x06" or values[1] != _END64.size - 12 or values[6] != values[7]:
        raise _bad("bad_directory", "its zip64 end record is damaged")
    return _End(values[9], values[8], values[7])


def _parse_records(raw: bytes, count: int) -> list[_Record]:
    records: list[_Record] = []
    at = 0
    while at < len(raw):
        if len(raw) - at < _CENTRAL.size or raw[at : at + 4] != b"PK\x01\x02":
            raise _bad("bad_directory", "its directory is damaged")
        record, at = _parse_record(raw, at)
        records.append(record)
    if len(records) != count:
        raise _bad("mismatch", f"{len(records)} members, {count} announced")
    return records


def _parse_record(raw: bytes, at: int) -> tuple[_Record, int]:
    values = _CENTRAL.unpack_from(raw, at)
    name_at = at + _CENTRAL.size
    extra_at = name_at + values[10]
    end = extra_at + values[11] + values[12]
    if end > len(raw) or values[13]:
        raise _bad("bad_directory", "its directory is damaged")
    name, extra = raw[name_at:extra_at], raw[extra_at : extra_at + values[11]]
    size, packed, offset = _widened(extra, values[9], values[8], values[16])
    _check_unicode_name(extra, name)
    mode = values[15] >> 16 if values[1] >> 8 == 3 else 0  # "made by" Unix
    return _Record(name, values[3], values[4], values[7], packed, size, offset, mode), end


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind in (_ZIP64_EXTRA, _UNICODE_NAME_EXTRA) and kind in found:
            raise _bad("duplicate", "an extra field stands twice")
        found[kind] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _widened(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, from the zip64 field where the 32-bit ones say so."""
    wide, values = _extra_fields(extra).get(_ZIP64_EXTRA, b""), []
    for narrow in (size, packed, offset):
        if narrow == _WIDE:
            if len(wide) < 8:
                raise _bad("bad_directory", "a zip64 field is missing")
            narrow, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        values.append(narrow)
    left = {int.from_bytes(wide[at : at + 8], "little") for at in range(0, len(wide), 8)}
    if not left <= {0, *values}:  # some programs would believe these
        raise _bad("mismatch", "a zip64 field that nobody asked for says something else")
    return values[0], values[1], values[2]


def _check_unicode_name(extra: bytes, name: bytes) -> None:
    """Info-ZIP's second name; programs that know it would show another one."""
    second = _extra_fields(extra).get(_UNICODE_NAME_EXTRA)
    if second is not None and second[5:] != name:
        raise _bad("mismatch", f"{name!a} has another name in its extra field")


def _read_member(file: BinaryIO, record: _Record) -> tuple[ZipMember, int]:
    """The member, its local header compared with the directory, and where it ends."""
    if record.flags & _ENCRYPTED:
        raise _bad("encrypted", f"{record.name!a} is encrypted, or says so")
    file.seek(record.offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise _bad("mismatch", f"{record.name!a} has no local header")
    values = _LOCAL.unpack(head)
    name, extra = file.read(values[9]), file.read(values[10])
    if (
        name != record.name
        or values[3] != record.method
        or (values[2] ^ record.flags) & _COMPARED_FLAGS
    ):
        raise _bad("mismatch", f"{record.name!a} differs between its header and the directory")
    _check_unicode_name(extra, name)
    said = (values[6], *_widened(extra, values[8], values[7], 0)[:2])
    known = (record.crc32, record.size_bytes, record.packed_bytes)
    if said != known and not (record.flags & _DESCRIPTOR and said == (0, 0, 0)):
        raise _bad("mismatch", f"the sizes of {record.name!a} differ from the directory's")
    start = record.offset + _LOCAL.size + len(name) + len(extra)
    end = start + record.packed_bytes
    if record.flags & _DESCRIPTOR:
        file.seek(end)
        end += _descriptor_bytes(file.read(24), record)
    fields = (record.method, record.crc32, record.packed_bytes, record.size_bytes)
    return ZipMember(_decoded(record), *fields, start, record.mode), end


def _descriptor_bytes(raw: bytes, record: _Record) -> int:
    """Length of what follows a member that was written to a stream; it repeats the directory."""
    values = (record.crc32, record.packed_bytes, record.size_bytes)
    for magic in (b"PK\x07\x08", b""):
        for layout in ("<LLL", "<LQQ"):
            if layout == "<LLL" and max(values) > _WIDE:
                continue
            expected = magic + struct.pack(layout, *values)
            if raw.startswith(expected):
                return len(expected)
    raise _bad("mismatch", f"the descriptor of {record.name!a} differs from the directory's")


def _decoded(record: _Record) -> str:
    try:
        return record.name.decode("utf-8")
    except UnicodeDecodeError:
        if record.flags & _UTF8:
            raise _bad("bad_name", f"{record.name[:80]!a} is not UTF-8") from None
        return record.name.decode("cp437")
