"""Packs of whole repositories, kept because every clone asks for the same one.

A pack's entries depend on nothing but the commits that they lead to, so there is nothing to
invalidate: a kept pack serves whoever wants at least what is in it, with what is newer behind it.
Kept in unnamed temporary files, which are gone when the process is; bounded in all. Knows bytes and
ids; who may have them was decided before.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

MAX_BYTES = 2 << 30  # all packs together
MAX_PACK_BYTES = 1 << 30
MAX_OF_REPOSITORY = 3  # clones want all branches, or one
MIN_OBJECTS = 500  # a smaller pack is made as fast as it is read
_PIECE_BYTES = 256 << 10


class _Scratch:
    """An unnamed file, closed when nobody refers to it any more."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self.file = file or tempfile.TemporaryFile()  # noqa: SIM115  (see __del__)

    def __del__(self) -> None:
        self.file.close()


class KeptPack(NamedTuple):
    """The entries of a pack, without its header and digest."""

    tips: frozenset[str]  # commits to which everything in it leads
    tags: frozenset[str]  # annotated tags in it
    object_count: int
    size_bytes: int
    scratch: _Scratch
    start: int = 0  # where in the file they begin

    def read(self) -> Iterator[bytes]:
        """The entries, in pieces; several may read at once."""
        for at in range(0, self.size_bytes, _PIECE_BYTES):
            yield os.pread(
                self.scratch.file.fileno(), min(_PIECE_BYTES, self.size_bytes - at), self.start + at
            )


class Span(NamedTuple):
    """Entries of a pack as they lie in a file."""

    file: IO[bytes]
    start: int
    end: int
    object_count: int


def kept_from(span: Span, tips: Iterable[str], tags: Iterable[str]) -> KeptPack:
    """A pack that somebody sent, kept as it came; the caller may close the file."""
    scratch = _Scratch(os.fdopen(os.dup(span.file.fileno()), "rb"))
    size_bytes = span.end - span.start
    kept = frozenset(tips), frozenset(tags)
    return KeptPack(*kept, span.object_count, size_bytes, scratch, span.start)


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
        self._scratch = _Scratch() if count >= MIN_OBJECTS else None
        self._count, self._bytes = count, 0

    def taking(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            if self._scratch is not None:
                self._bytes += len(part)
                self._write(part)
            yield part

    def pack(self, tips: Iterable[str], tags: Iterable[str]) -> KeptPack | None:
        """What was written down, when all of it was."""
        if self._scratch is None:
            return None
        self._scratch.file.flush()
        scratch = self._scratch
        return KeptPack(frozenset(tips), frozenset(tags), self._count, self._bytes, scratch)

    def _write(self, part: bytes) -> None:
        try:
            if self._scratch is not None and self._bytes <= MAX_PACK_BYTES:
                self._scratch.file.write(part)
                return
        except OSError:  # a full disk is no reason to break off the answer
            pass
        self._scratch = None
