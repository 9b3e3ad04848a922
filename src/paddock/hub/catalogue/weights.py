"""How many parameters a revision's safetensors files hold, by data type.

Reads the files' headers and nothing else, bounded, and remembers the answer by the files' digests:
bytes of one digest never change. A file that cannot be understood makes the whole answer None.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sa

from paddock.checkpoint.errors import BadSafetensors
from paddock.checkpoint.safetensors.reading import LENGTH_BYTES, parse_header
from paddock.errors import PaddockError
from paddock.hub.catalogue.weight_names import chosen_weights, is_weights
from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.large.content import Content, open_content
from paddock.hub.types import FileEntry, Repository

MAX_HEADER_BYTES = 16 * 1024 * 1024  # Llama 3.1 405B: 125 kB in its largest shard
_REMEMBERED_FILES = 4096
# A header of this size takes half a gigabyte of Python's objects while it is read.
_AT_ONCE = threading.BoundedSemaphore(2)

Parameters = dict[str, int]  # data type -> number of elements


class WeightFile(NamedTuple):
    """A safetensors file, opened for its header."""

    etag: str
    content: Content


class _Memory:
    """The last answers, by etag."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Parameters | None] = OrderedDict()

    def count(self, file: WeightFile) -> Parameters | None:
        with self._lock:
            if file.etag in self._known:
                self._known.move_to_end(file.etag)
                return self._known[file.etag]
        counted = _count(file.content)
        with self._lock:
            self._known[file.etag] = counted
            while len(self._known) > self._limit:
                self._known.popitem(last=False)
        return counted


_memory = _Memory(_REMEMBERED_FILES)


def weight_files(
    hub: Hub, conn: sa.Connection, repo: Repository, entries: Sequence[FileEntry]
) -> list[WeightFile]:
    """The files that make up the model: the whole one, or all of its shards."""
    try:
        chosen = chosen_weights(entries)
        return [WeightFile(e.etag, open_content(hub, repo, e, conn)) for e in chosen]
    except PaddockError:  # git allows pointers whose bytes were never sent
        return []


def entries_of(conn: sa.Connection, repo: Repository, oid: str) -> list[FileEntry]:
    """The weights of a revision: models keep them at the root."""
    names = [path for path in files.folder_paths(conn, repo, oid) if is_weights(path)]
    found = files.entries_at(conn, repo, oid, names)
    return [entry for entry in found.values() if isinstance(entry, FileEntry)]


def summarise(files: Sequence[WeightFile]) -> dict[str, object] | None:
    """``{"parameters": {dtype: n}, "total": n}``, or None. Needs no transaction."""
    total: Counter[str] = Counter()
    for file in files:
        counted = _memory.count(file)
        if counted is None:
            return None
        total.update(counted)
    if not total:
        return None
    return {"parameters": dict(total), "total": total.total()}


def _count(content: Content) -> Parameters | None:
    try:
        with reading_headers():
            header = _read_header(content)
    except (BadSafetensors, PaddockError):
        return None
    return header


def _read_header(content: Content) -> Parameters | None:
    raw = raw_header(content)
    if raw is None:
        return None
    counted: Counter[str] = Counter()
    for entry in parse_header(raw, content.size_bytes, "the file").entries:
        counted[entry.dtype] += math.prod(entry.shape)
    return dict(counted)


def raw_header(content: Content) -> bytes | None:
    """The bytes of a file's header, or None where there cannot be one of a sane size."""
    first = b"".join(content.read(0, min(LENGTH_BYTES, content.size_bytes)))
    length = int.from_bytes(first, "little")
    # The length is chosen by whoever made the file: compare before reading.
    end = LENGTH_BYTES + length
    if len(first) < LENGTH_BYTES or length > MAX_HEADER_BYTES or end > content.size_bytes:
        return None
    return b"".join(content.read(LENGTH_BYTES, end))


def reading_headers() -> AbstractContextManager[bool]:
    """Wait until few enough others read headers too."""
    return _AT_ONCE
