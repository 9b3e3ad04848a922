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
MIN_OBJECTS = 500  # a smaller pack is made as fast as it is read
_PIECE_BYTES = 256 << 10


class KeptPack(NamedTuple):
    """The entries of a pack, without its header and digest."""

    tips: frozenset[str]  # commits to which everything in it leads
    tags: frozenset[str]  # annotated tags in it
    object_count: int
    size_bytes: int
    file: IO[bytes]

    def read(self) -> Iterator[bytes]:
        """The entries, in pieces; several may read at once."""
        for at in range(0, self.size_bytes, _PIECE_BYTES):
            yield os.pread(self.file.fileno(), min(_PIECE_BYTES, self.size_bytes - at), at)


class PackCache:
    """For each repository, and each way to name a delta's base, the last whole pack."""

    def __init__(self) -> None:
        self._packs: OrderedDict[tuple[int, bool], KeptPack] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, repo_id: int, *, by_offset: bool) -> KeptPack | None:
        with self._lock:
            key = (repo_id, by_offset)
            if key in self._packs:
                self._packs.move_to_end(key)
            return self._packs.get(key)

    def keep(self, repo_id: int, pack: KeptPack, *, by_offset: bool) -> None:
        """Keep the pack instead of the repository's last one, and let go of the least used."""
        with self._lock:
            self._drop((repo_id, by_offset))
            self._packs[repo_id, by_offset] = pack
            self._bytes += pack.size_bytes
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._packs)))

    def _drop(self, key: tuple[int, bool]) -> None:
        # The file closes when the last reader lets go of it.
        if (pack := self._packs.pop(key, None)) is not None:
            self._bytes -= pack.size_bytes


class Recording:
    """Entries on their way to a client, written down beside it while that is worth it."""

    def __init__(self, count: int) -> None:
        self._file: IO[bytes] | None = tempfile.TemporaryFile() if count >= MIN_OBJECTS else None  # noqa: SIM115  (closes with its last reader)
        self._count, self._bytes = count, 0

    def taking(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            if self._file is not None:
                self._bytes += len(part)
                self._write(part)
            yield part

    def pack(self, tips: Iterable[str], tags: Iterable[str]) -> KeptPack | None:
        """What was written down, when all of it was."""
        if self._file is None:
            return None
        self._file.flush()
        return KeptPack(frozenset(tips), frozenset(tags), self._count, self._bytes, self._file)

    def _write(self, part: bytes) -> None:
        try:
            if self._file is not None and self._bytes <= MAX_PACK_BYTES:
                self._file.write(part)
                return
        except OSError:  # a full disk is no reason to break off the answer
            pass
        self._file = None
