"""How many parameters a revision's safetensors files hold, by data type.

Reads the files' headers and nothing else, bounded, and remembers the answer by the files' digests:
bytes of one digest never change. A file that cannot be understood makes the whole answer None.
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.checkpoint.errors import BadSafetensors
from paddock.checkpoint.safetensors import LENGTH_BYTES, parse_header
from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.large.content import Content, open_content
from paddock.hub.types import FileEntry, Repository

MAX_HEADER_BYTES = 16 * 1024 * 1024  # Llama 3.1 405B: 125 kB in its largest shard
MAX_SHARDS = 1000
_REMEMBERED_FILES = 4096

_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_WHOLE = "model.safetensors"

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
    chosen = [entry for entry in entries if entry.path == _WHOLE]
    chosen = chosen or [entry for entry in entries if _SHARD.fullmatch(entry.path)]
    if len(chosen) > MAX_SHARDS:
        return []
    try:
        return [WeightFile(e.etag, open_content(hub, repo, e, conn)) for e in chosen]
    except PaddockError:  # git allows pointers whose bytes were never sent
        return []


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
        header = _read_header(content)
    except (BadSafetensors, PaddockError):
        return None
    return header


def _read_header(content: Content) -> Parameters | None:
    first = b"".join(content.read(0, min(LENGTH_BYTES, content.size_bytes)))
    length = int.from_bytes(first, "little")
    # The length is chosen by whoever made the file: compare before reading.
    end = LENGTH_BYTES + length
    if len(first) < LENGTH_BYTES or length > MAX_HEADER_BYTES or end > content.size_bytes:
        return None
    raw = b"".join(content.read(LENGTH_BYTES, end))
    counted: Counter[str] = Counter()
    for entry in parse_header(raw, content.size_bytes, "the file").entries:
        counted[entry.dtype] += math.prod(entry.shape)
    return dict(counted)
