"""What is in a zip archive: reasons about its members, and the members themselves."""

from __future__ import annotations

import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import PIECE_BYTES, Inner, is_bomb
from paddock.checkpoint.scan.archives.zip_directory import (
    DEFLATED,
    STORED,
    ZipMember,
    read_directory,
)
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.names import collisions, name_reasons
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown


def open_zip(look: Look) -> Iterator[Reason | Inner]:
    """Everything in the archive; raises ``BadArchive`` where programs could read it differently."""
    members = read_directory(look.file)
    yield from member_reasons(look, members)
    for member in members:
        look.budget.take_member()
        if member.is_folder:
            if member.size_bytes:
                yield Reason(
                    "hidden_bytes", look.name, f"the folder {shown(member.name)} has bytes"
                )
        elif member.method in (STORED, DEFLATED) and not is_bomb(*_sizes(member)):
            yield Inner(member.name, unpacked(look, member))


def member_reasons(look: Look, members: Sequence[ZipMember]) -> Iterator[Reason]:
    """What the directory alone shows."""
    names = Counter(member.name for member in members)
    for name, count in names.items():
        if count > 1:
            yield Reason("duplicate", look.name, f"{shown(name)} is in it {count} times")
    for one, other in collisions(name.rstrip("/") for name in names):
        yield Reason("name_collision", look.name, f"{shown(one)} and {shown(other)} are one name")
    for member in members:
        yield from name_reasons(member.name.removesuffix("/"), f"{look.name}!{member.name}")
        kind = stat.S_IFMT(member.mode)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield Reason("archive_link", look.name, f"{shown(member.name)} is a link or a device")
        if member.method not in (STORED, DEFLATED):
            message = f"{shown(member.name)} is packed by method {member.method}"
            yield Reason("archive_not_read", look.name, message)
        if is_bomb(*_sizes(member)):
            message = f"{shown(member.name)}: {member.packed_bytes} bytes make {member.size_bytes}"
            yield Reason("archive_bomb", look.name, message)
    packed, size = (
        (sum(values) for values in zip(*map(_sizes, members), strict=True)) if members else (0, 0)
    )
    if is_bomb(packed, size):
        yield Reason("archive_bomb", look.name, f"{packed} bytes make {size}")


def _sizes(member: ZipMember) -> tuple[int, int]:
    return member.packed_bytes, member.size_bytes


def unpacked(look: Look, member: ZipMember) -> Iterator[bytes]:
    """The member's bytes; its size and CRC must be the directory's."""
    crc = size = 0
    packed = look.pieces(member.start, member.start + member.packed_bytes)
    for piece in packed if member.method == STORED else _inflated(packed, member):
        size += len(piece)
        if size > member.size_bytes:
            break
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != member.size_bytes:
        raise BadArchive("mismatch", f"{member.name!a} does not have {member.size_bytes} bytes")
    if crc != member.crc32:
        raise BadArchive("bad_crc", f"the bytes of {member.name!a} do not match their CRC")


def _inflated(packed: Iterator[bytes], member: ZipMember) -> Iterator[bytes]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    is_more = False
    try:
        for piece in packed:
            if is_more := machine.eof:
                break  # zlib would keep all that follows in memory
            while piece:
                yield machine.decompress(piece, PIECE_BYTES)
                piece = machine.unconsumed_tail
        yield machine.flush()
    except zlib.error as e:
        raise BadArchive("damaged", f"{member.name!a} cannot be unpacked: {e}") from e
    if is_more or not machine.eof or machine.unused_data:
        raise BadArchive("hidden_bytes", f"{member.name!a} does not end where it should")
