"""A PyTorch zip file before it is written: everything that stands between the tensors.

As ``torch.save`` lays it out since 1.6 (APPNOTE.TXT 6.3.10): stored members in one folder, the
pickle first, storages at multiples of 64 so that the file can be mapped. A storage's CRC is known
only when it was streamed, so it follows in a data descriptor. Does not see a tensor's bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from paddock.checkpoint.pytorch.pickle_writing import Entry, render_state_dict
from paddock.checkpoint.tensors import Tensor

_ALIGNMENT = 64
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_LOCATOR = struct.Struct("<4sLQL")
_HAS_DESCRIPTOR = 1 << 3
_VERSION = 45  # of the specification, needed to read a member; the first with zip64
_NARROW, _NARROW_COUNT = 0xFFFFFFFF, 0xFFFF
_PADDING = b"FB"  # PyTorch's own extra field, of which only the length matters
_ZIP64 = 1  # the extra field of sizes and offsets beyond 32 bits


class AfterCrc(NamedTuple):
    """Bytes of a known number that need the CRC-32 of tensors, by their numbers."""

    size_bytes: int
    render: Callable[[Mapping[int, int]], bytes]


ZipPart = bytes | int | AfterCrc  # a number stands for the bytes of that tensor


class _Member(NamedTuple):
    """A member for the directory; ``tensor`` numbers a storage, whose CRC comes later."""

    name: bytes
    start: int
    size_bytes: int
    crc32: int
    tensor: int | None = None


def torch_file_parts(
    root: str, tensors: Sequence[Tensor], aliases: Mapping[str, str]
) -> list[ZipPart]:
    """The file in order; ``aliases`` are further names, each for a tensor that is there anyway."""
    keys = {tensor.name: str(number) for number, tensor in enumerate(tensors)}
    by_name = {tensor.name: tensor for tensor in tensors}
    entries = [Entry(t.name, t.dtype, t.shape, keys[t.name]) for t in tensors]
    for alias, name in aliases.items():
        entries.append(Entry(alias, by_name[name].dtype, by_name[name].shape, keys[name]))
    plan = _Plan(root)
    plan.add_known("data.pkl", render_state_dict(entries))
    plan.add_known("byteorder", b"little")
    for number, tensor in enumerate(tensors):
        plan.add_storage(number, tensor.size_bytes)
    plan.add_known("version", b"3\n")
    plan.end()
    return plan.parts


class _Plan:
    """The parts so far, and where the next one begins."""

    def __init__(self, root: str) -> None:
        self.parts: list[ZipPart] = []
        self._root, self._at = root, 0
        self._members: list[_Member] = []

    def add_known(self, name: str, content: bytes) -> None:
        """A member whose content is here."""
        member = self._begin(name, len(content), zlib.crc32(content), None)
        self._add(_local_header(member) + content)

    def add_storage(self, number: int, size_bytes: int) -> None:
        """A member that is a tensor's bytes, and the descriptor after it."""
        member = self._begin(f"data/{number}", size_bytes, 0, number)
        self._add(_local_header(member))
        self.parts.append(number)
        self._at += size_bytes
        layout = "<4sLQQ" if size_bytes >= _NARROW else "<4sLLL"
        render = partial(_descriptor, layout, number, size_bytes)
        self._add(AfterCrc(struct.calcsize(layout), render))

    def end(self) -> None:
        """The directory and what follows it."""
        known = _directory(self._members, self._at, {})
        self._add(AfterCrc(len(known), partial(_directory, tuple(self._members), self._at)))

    def _begin(self, name: str, size_bytes: int, crc32: int, tensor: int | None) -> _Member:
        member = _Member(f"{self._root}/{name}".encode(), self._at, size_bytes, crc32, tensor)
        self._members.append(member)
        return member

    def _add(self, part: bytes | AfterCrc) -> None:
        self.parts.append(part)
        self._at += len(part) if isinstance(part, bytes) else part.size_bytes


def _local_header(member: _Member) -> bytes:
    """Up to the member's first byte, which is at a multiple of the alignment."""
    is_late = member.tensor is not None
    crc32, size = (0, 0) if is_late else (member.crc32, member.size_bytes)
    wide = struct.pack("<2H2Q", _ZIP64, 16, 0, 0) if member.size_bytes >= _NARROW else b""
    begins = member.start + _LOCAL.size + len(member.name) + len(wide) + 4
    padding = bytes(-begins % _ALIGNMENT)
    extra = wide + _PADDING + len(padding).to_bytes(2, "little") + padding
    flags = _HAS_DESCRIPTOR if is_late else 0
    if wide:
        size = _NARROW
    head = _LOCAL.pack(
        b"PK\x03\x04", _VERSION, flags, 0, 0, 0, crc32, size, size, len(member.name), len(extra)
    )
    return head + member.name + extra


def _descriptor(layout: str, number: int, size_bytes: int, crcs: Mapping[int, int]) -> bytes:
    return struct.pack(layout, b"PK\x07\x08", crcs.get(number, 0), size_bytes, size_bytes)


def _directory(members: Sequence[_Member], start: int, crcs: Mapping[int, int]) -> bytes:
    """Central directory and end records of an archive whose members end at ``start``."""
    records = b"".join(_record(member, crcs) for member in members)
    count, size = len(members), len(records)
    narrow = (min(count, _NARROW_COUNT), min(size, _NARROW), min(start, _NARROW))
    tail = b""
    if narrow != (count, size, start):
        rest = (_END64.size - 12, _VERSION, _VERSION, 0, 0, count, count, size, start)
        tail = _END64.pack(b"PK\x06\x06", *rest)
        tail += _END64_LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1)
    end = _END.pack(b"PK\x05\x06", 0, 0, narrow[0], *narrow, 0)
    return records + tail + end


def _record(member: _Member, crcs: Mapping[int, int]) -> bytes:
    crc32 = member.crc32 if member.tensor is None else crcs.get(member.tensor, 0)
    size, offset = min(member.size_bytes, _NARROW), min(member.start, _NARROW)
    wide = b""
    if size == _NARROW:
        wide += struct.pack("<2Q", member.size_bytes, member.size_bytes)
    if offset == _NARROW:
        wide += struct.pack("<Q", member.start)
    extra = struct.pack("<2H", _ZIP64, len(wide)) + wide if wide else b""
    flags = 0 if member.tensor is None else _HAS_DESCRIPTOR
    head = _CENTRAL.pack(
        b"PK\x01\x02", _VERSION, _VERSION, flags, 0, 0, 0, crc32, size, size,
        len(member.name), len(extra), 0, 0, 0, 0, offset,
    )  # fmt: skip
    return head + member.name + extra
