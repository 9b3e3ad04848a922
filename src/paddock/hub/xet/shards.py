"""Shards: the message with which a client says what its files are made of.

Little-endian records of 48 bytes: a header, a section of files, a section of xorbs, and a footer
that uploads do not need and that must fit the rest. Everything read here is a claim; nothing is
checked against anything but the message itself, whose length is checked before every step.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.errors import BadInput
from paddock.hub.xet import footers, hashes
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.xorbs import MAX_CHUNKS

MAX_SHARD_BYTES = 64 * 1024 * 1024 + 64 * 1024
# A file of 128 GB in pieces of half a megabyte; clients avoid smaller ones.
MAX_TERMS = 1 << 18
# Claims of files without terms cost a record each, and twenty times that once they are read.
MAX_FILES = 1 << 17
MAX_XORBS = 1 << 14  # a terabyte

_RECORD_BYTES = 48
TAG = b"HFRepoMetaData\0" + bytes(
    [85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169]
)
VERSION = 2
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30

shard_header = struct.Struct("<32sQQ")
_file_header = struct.Struct("<32sII8x")
_term = struct.Struct("<32s4xIII")
_hash_record = struct.Struct("<32s16x")
_xorb_header = struct.Struct("<32s4xII4x")
_CHUNKS = np.dtype([("hash", "V32"), ("start", "<u4"), ("unpacked", "<u4"), ("flags", "V8")])
BOOKEND = b"\xff" * hashes.HASH_BYTES


class BadShard(BadInput):
    """The shard cannot be read, or says something that is not so."""

    code = "bad_shard"


class FileClaim(NamedTuple):
    """What a client says of a file."""

    file_hash: bytes
    terms: Terms
    verification: list[bytes]  # one for each term
    sha256: str | None

    @property
    def name(self) -> str:
        """The file's hash in text form."""
        return hashes.to_text(self.file_hash)


class XorbClaim(NamedTuple):
    """What a client says of a xorb that it has uploaded."""

    xorb_hash: bytes
    chunk_hashes: bytes  # one after the other
    sizes: npt.NDArray[np.uint32]  # of the chunks, unpacked


class Shard(NamedTuple):
    """A whole message."""

    files: list[FileClaim]
    xorbs: list[XorbClaim]


def parse_shard(content: memoryview) -> Shard:
    """The claims of a shard; raises BadShard."""
    cursor = _Cursor(content)
    tag, version, footer_bytes = cursor.take(shard_header)
    if tag != TAG or version != VERSION:
        raise BadShard("the body is not a shard of version 2")
    files, files_end = list(_files(cursor)), cursor.at
    shard = Shard(files, list(_xorbs(cursor)))
    if footer_bytes:
        _check_footer(content, footer_bytes, files_end, cursor.at)
    elif cursor.left_bytes:
        raise BadShard(f"{cursor.left_bytes} bytes follow the shard's last section")
    return shard


def _check_footer(content: memoryview, footer_bytes: int, files_end: int, xorbs_end: int) -> None:
    if footer_bytes != footers.SHARD_FOOTER_BYTES:
        raise BadShard(f"the shard announces a footer of {footer_bytes} bytes, not of 200")
    if len(content) == xorbs_end:
        return  # hf-xet 1.1.6 to 1.2 announce one and send none
    start = len(content) - footer_bytes
    if start < xorbs_end:
        raise BadShard(f"the shard ends {xorbs_end - start} bytes early, in its footer")
    lie = footers.lie_of_shard(bytes(content[start:]), files_end, xorbs_end, len(content))
    if lie is not None:
        raise BadShard(f"the shard's footer {lie}")


def _files(cursor: _Cursor) -> Iterator[FileClaim]:
    for _ in range(MAX_FILES + 1):
        file_hash, flags, count = cursor.take(_file_header)
        if file_hash == BOOKEND:
            return
        if count > MAX_TERMS:
            raise BadShard(f"a file of {count} terms; at most {MAX_TERMS} are allowed")
        if not flags & _HAS_VERIFICATION:
            raise BadShard(f"file {hashes.to_text(file_hash)} comes without verification hashes")
        rows = _term.iter_unpack(cursor.take_all(count))
        terms = Terms.of(map(Term._make, rows))
        verification = _hashes_of(cursor.take_all(count))
        sha256 = None
        if flags & _HAS_SHA256:
            # Stored like every hash: the text form is the ordinary spelling. Clients send zeros
            # with an empty file.
            (claimed,) = cursor.take(_hash_record)
            sha256 = hashes.to_text(claimed) if any(claimed) or count else None
        yield FileClaim(file_hash, terms, verification, sha256)
    raise BadShard(f"the shard has more than {MAX_FILES} files")


def _xorbs(cursor: _Cursor) -> Iterator[XorbClaim]:
    for _ in range(MAX_XORBS + 1):
        xorb_hash, count, unpacked_bytes = cursor.take(_xorb_header)
        if xorb_hash == BOOKEND:
            return
        if count > MAX_CHUNKS:
            raise BadShard(f"a xorb of {count} chunks; at most {MAX_CHUNKS} are allowed")
        rows: npt.NDArray[Any] = np.frombuffer(cursor.take_all(count), _CHUNKS)
        if not _follow(rows, unpacked_bytes):
            name = hashes.to_text(xorb_hash)
            raise BadShard(f"xorb {name} is said to have chunks that do not follow one another")
        yield XorbClaim(xorb_hash, rows["hash"].tobytes(), rows["unpacked"])
    raise BadShard(f"the shard has more than {MAX_XORBS} xorbs")


def _follow(rows: npt.NDArray[Any], unpacked_bytes: int) -> bool:
    """Whether each chunk starts where the one before it ends, up to the xorb's own end."""
    ends = np.cumsum(rows["unpacked"], dtype=np.int64)
    total = int(ends[-1]) if len(rows) else 0
    return total == unpacked_bytes and np.array_equal(rows["start"], ends - rows["unpacked"])


def _hashes_of(records: memoryview) -> list[bytes]:
    return [row[0] for row in _hash_record.iter_unpack(records)]


class _Cursor:
    """A place in the message that cannot move past its end."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    @property
    def at(self) -> int:
        return self._at

    @property
    def left_bytes(self) -> int:
        return len(self._content) - self._at

    def take(self, record: struct.Struct) -> tuple[Any, ...]:
        """The fields of the next record."""
        return record.unpack(self._advance(record.size))

    def take_all(self, count: int) -> memoryview:
        """The next ``count`` records as they are."""
        return self._advance(count * _RECORD_BYTES)

    def _advance(self, size_bytes: int) -> memoryview:
        if size_bytes > self.left_bytes:
            raise BadShard(f"the shard ends {size_bytes - self.left_bytes} bytes early")
        piece = self._content[self._at : self._at + size_bytes]
        self._at += size_bytes
        return piece
