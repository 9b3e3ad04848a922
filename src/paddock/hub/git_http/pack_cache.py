"""Packs of whole repositories, kept because every clone asks for the same one.

A pack's entries depend on nothing but the commits that they lead to, so there is nothing to
invalidate: a kept pack serves whoever wants at least what is in it, with what is newer behind it.
Here they are in unnamed temporary files, which are gone when the process is; bounded in all. Those
that stay are ``stored_packs``'s. Knows bytes and ids; who may have them was decided before.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, NamedTuple

MAX_BYTES = 2 << 30  # all packs together
MAX_PACK_BYTES = 1 << 30
MAX_OF_REPOSITORY = 3  # clones want all branches, or one
MIN_OBJECTS = 500  # a smaller pack is made as fast as it is read
HEAD_BYTES, DIGEST_BYTES = 12, 20  # before the entries, and behind them
ID_BYTES = 20
PIECE_BYTES = 16 * 65515  # as many full packets of a side band


class Scratch:
    """A file, mostly an unnamed one, closed when nobody refers to it any more."""

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        self._descriptor = descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)

    def write(self, content: bytes) -> None:
        """More of it; whoever writes has it alone."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def pieces(self, start: int, size_bytes: int) -> Iterator[bytes]:
        """A span of it; several may read at once."""
        for at in range(0, size_bytes, PIECE_BYTES):
            yield self.read(start + at, min(PIECE_BYTES, size_bytes - at))

    def read(self, start: int, size_bytes: int) -> bytes:
        """A piece of it."""
        return os.pread(self._descriptor, size_bytes, start)


@dataclass(frozen=True, slots=True)
class KeptPack:
    """The entries of a pack, and what everything in it leads to."""

    tips: frozenset[str]  # commits
    tags: frozenset[str]  # annotated tags in it
    object_count: int
    size_bytes: int
    pieces: Callable[[], Iterator[bytes]]
    read_ids: Callable[[], bytes]  # of all its objects, sorted, one behind the other
    digest: bytes | None = None  # of the pack that has these entries alone, if it is known

    def read(self) -> Iterator[bytes]:
        """The entries, in pieces; several may read at once."""
        return self.pieces()

    def whole(self) -> Iterator[bytes]:
        """The pack that has these entries alone."""
        head = pack_head(self.object_count)
        yield head
        if self.digest is not None:
            yield from self.read()
            yield self.digest
            return
        digest = hashlib.sha1(head, usedforsecurity=False)
        for piece in self.read():
            digest.update(piece)
            yield piece
        yield digest.digest()


class Ids:
    """The ids of a kept pack's objects, read when somebody first asks."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read, self._ids = read, b""

    def __contains__(self, oid: object) -> bool:
        if not isinstance(oid, bytes):
            return False
        if not self._ids:
            self._ids = self._read()
        low, high = 0, len(self._ids) // ID_BYTES
        while low < high:
            middle = (low + high) // 2
            found = self._ids[middle * ID_BYTES : (middle + 1) * ID_BYTES]
            if found == oid:
                return True
            low, high = (middle + 1, high) if found < oid else (low, middle)
        return False


class Span(NamedTuple):
    """Entries of a pack as they lie in a file."""

    file: IO[bytes]
    start: int
    end: int
    object_count: int


def pack_head(object_count: int) -> bytes:
    """What a pack of so many objects begins with."""
    return b"PACK" + struct.pack(">II", 2, object_count)


def kept_from(
    span: Span, tips: Iterable[str], tags: Iterable[str], oids: Iterable[bytes]
) -> KeptPack:
    """A pack that somebody sent, kept as it came; the caller may close the file."""
    ids = b"".join(sorted(oids))
    scratch = Scratch(os.dup(span.file.fileno()))
    size_bytes = span.end - span.start
    pieces = partial(scratch.pieces, span.start, size_bytes)
    kept = frozenset(tips), frozenset(tags)
    return KeptPack(*kept, span.object_count, size_bytes, pieces, lambda: ids)


class PackCache:
    """The last whole packs of each repository, by how they name a delta's base."""

    def __init__(self) -> None:
        self._packs: OrderedDict[tuple[int, bool], list[KeptPack]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, repo_id: int, *, by_offset: bool) -> list[KeptPack]:
        """The repository's packs, the largest first."""
        with self._lock:
            key = (repo_id, by_offset)
            if key in self._packs:
                self._packs.move_to_end(key)
            return sorted(self._packs.get(key, ()), key=lambda pack: -pack.object_count)

    def keep(self, repo_id: int, pack: KeptPack, *, by_offset: bool) -> None:
        """Keep the pack beside the repository's last ones, and let go of those least used."""
        with self._lock:
            kept = self._packs.setdefault((repo_id, by_offset), [])
            others = [other for other in kept if other.tips != pack.tips]
            kept[:] = [*others[-MAX_OF_REPOSITORY + 1 :], pack]
            # The file of one that is dropped closes when its last reader lets go of it.
            while self._size_bytes() > MAX_BYTES:
                self._packs.popitem(last=False)

    def _size_bytes(self) -> int:
        return sum(pack.size_bytes for packs in self._packs.values() for pack in packs)


class Recording:
    """Entries on their way to a client, written down beside it while that is worth it."""

    def __init__(self, count: int) -> None:
        self._scratch = Scratch() if count >= MIN_OBJECTS else None
        self._count, self._bytes = count, 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    def taking(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            if self._scratch is not None:
                self._take(part)
            yield part

    def pack(
        self, tips: Iterable[str], tags: Iterable[str], ids: bytes, digest: bytes | None = None
    ) -> KeptPack | None:
        """What was written down, when all of it was."""
        size_bytes = self._bytes
        self._waiting.append(ids)  # behind the entries
        self._write()
        if self._scratch is None:
            return None
        pieces = partial(self._scratch.pieces, 0, size_bytes)
        read_ids = partial(self._scratch.read, size_bytes, len(ids))
        kept = frozenset(tips), frozenset(tags)
        return KeptPack(*kept, self._count, size_bytes, pieces, read_ids, digest)

    def _take(self, part: bytes) -> None:
        self._bytes += len(part)
        self._waiting.append(part)
        self._waiting_bytes += len(part)
        if self._bytes > MAX_PACK_BYTES:
            self._scratch = None
        elif self._waiting_bytes >= PIECE_BYTES:
            self._write()

    def _write(self) -> None:
        try:
            if self._scratch is not None:
                self._scratch.write(b"".join(self._waiting))
        except OSError:  # a full disk is no reason to break off the answer
            self._scratch = None
        self._waiting, self._waiting_bytes = [], 0
