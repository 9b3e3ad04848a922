"""Zip archives with every field in the attacker's hand (PKWARE APPNOTE 6.3.10, sections 4.3, 4.4)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STORED, DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; what is None is told honestly."""

    name: str
    content: bytes
    local_name: str | None = None
    crc: int | None = None
    flags: int = 0
    method: int = STORED
    size_bytes: int | None = None  # as the directory claims
    mode: int = 0o100644
    extra: bytes = b""
    offset: int | None = None  # of another member's local header

    @property
    def packed(self) -> bytes:
        if self.method != DEFLATED:
            return self.content
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.content) + packer.flush()

    @property
    def sizes(self) -> tuple[int, int, int]:
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        size_bytes = len(self.content) if self.size_bytes is None else self.size_bytes
        return crc, len(self.packed), size_bytes


def archive(
    members: Sequence[Member], prefix: bytes = b"", comment: bytes = b"", count: int | None = None
) -> bytes:
    """The archive's bytes; offsets count from the beginning of ``prefix``."""
    body, directory = prefix, b""
    for member in members:
        offset = len(body) if member.offset is None else member.offset
        body += b"" if member.offset is not None else _local(member)
        directory += _central(member, offset)
    count = len(members) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body),
                      len(comment))  # fmt: skip
    return body + directory + end + comment


def torch_zip(
    members: Mapping[str, bytes], prefix: str = "archive/", method: int = STORED
) -> bytes:
    """The archive that ``torch.save`` makes, with these members."""
    full = dict(members)
    if prefix:
        full = {"byteorder": b"little", "version": b"3\n"} | full
        full = {"data.pkl": full.pop("data.pkl"), **full} if "data.pkl" in full else full
    return archive([Member(prefix + name, raw, method=method) for name, raw in full.items()])


def _local(member: Member) -> bytes:
    name = (member.local_name if member.local_name is not None else member.name).encode()
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, member.flags, member.method, 0, 0,
                       *member.sizes, len(name), len(member.extra))  # fmt: skip
    return head + name + member.extra + member.packed


def _central(member: Member, offset: int) -> bytes:
    name = member.name.encode()
    head = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", (3 << 8) | 20, 20, member.flags, member.method,
                       0, 0, *member.sizes, len(name), len(member.extra), 0, 0, 0,
                       member.mode << 16, offset)  # fmt: skip
    return head + name + member.extra
