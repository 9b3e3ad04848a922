"""Shards: the message with which a client says what its files are made of.

Little-endian records of 48 bytes: a header, a section of files, a section of xorbs, and a footer
that uploads do not need and that is ignored. Everything read here is a claim; nothing is checked
against anything but the message's own length, which is checked before every step.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from paddock.errors import BadInput
from paddock.hub.xet import hashes
from paddock.hub.xet.layout import Term, Terms

MAX_SHARD_BYTES = 64 * 1024 * 1024 + 64 * 1024
# A file of 128 GB in pieces of half a megabyte; clients avoid smaller ones.
MAX_TERMS = 1 << 18
# Claims of files without terms cost a record each, and twenty times that once they are read.
MAX_FILES = 1 << 17
MAX_XORBS = 1 << 14  # a terabyte

_RECORD_BYTES = 48
_TAG = b"HFRepoMetaData\0" + bytes(
    [85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169]
)
_VERSION = 2
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30

_shard_header = struct.Struct("<32sQQ")
_file_header = struct.Struct("<32sII8x")
_term = struct.Struct("<32s4xIII")
_hash_record = struct.Struct("<32s16x")
_xorb_header = struct.Struct("<32s4xI8x")
_BOOKEND = b"\xff" * hashes.HASH_BYTES


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


class Shard(NamedTuple):
    """A whole message."""

    files: list[FileClaim]
    xorbs: list[XorbClaim]


def parse_shard(content: memoryview) -> Shard:
    """The claims of a shard; raises BadShard."""
    cursor = _Cursor(content)
    tag, version, footer_bytes = cursor.take(_shard_header)
    if tag != _TAG or version != _VERSION:
        raise BadShard("the body is not a shard of version 2")
    shard = Shard(list(_files(cursor)), list(_xorbs(cursor)))
    if cursor.left_bytes and not footer_bytes:
        raise BadShard(f"{cursor.left_bytes} bytes follow the shard's last section")
    return shard


def _files(cursor: _Cursor) -> Iterator[FileClaim]:
    for _ in range(MAX_FILES + 1):
        file_hash, flags, count = cursor.take(_file_header)
        if file_hash == _BOOKEND:
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
            # Stored like every hash: the text form is the ordinary spelling.
            sha256 = hashes.to_text(cursor.take(_hash_record)[0])
        yield FileClaim(file_hash, terms, verification, sha256)
    raise BadShard(f"the shard has more than {MAX_FILES} files")


def _xorbs(cursor: _Cursor) -> Iterator[XorbClaim]:
    for _ in range(MAX_XORBS + 1):
        xorb_hash, count = cursor.take(_xorb_header)
        if xorb_hash == _BOOKEND:
            return
        yield XorbClaim(xorb_hash, b"".join(_hashes_of(cursor.take_all(count))))
    raise BadShard(f"the shard has more than {MAX_XORBS} xorbs")


def _hashes_of(records: memoryview) -> list[bytes]:
    return [row[0] for row in _hash_record.iter_unpack(records)]


class _Cursor:
    """A place in the message that cannot move past its end."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

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
