"""Chunks of a blob that are nowhere else: packed into xorbs, which the file's terms then name.

Knows where a file's chunks lie and where they go; which of them are new was decided before
(``hub.xet.matching``). A xorb that an attempt before a kill has packed is not packed again.

A xorb is named by its chunks alone, and how long its frames are shows to who reads the file. So
each ends with a chunk that no file uses and nobody can guess: never is it one that another brought.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from blake3 import blake3

from paddock.hub import signing
from paddock.hub.context import Hub
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large import condemned
from paddock.hub.xet import hashes, records
from paddock.hub.xet.chunks import HEADER_BYTES
from paddock.hub.xet.hashes import HASH_BYTES
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.matching import Matched
from paddock.hub.xet.packing import XorbPacker
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.views import XORB_BYTES

Numbers = npt.NDArray[np.int64]
_SEAL_BYTES = 32
_ROOM_BYTES = XORB_BYTES - HEADER_BYTES - _SEAL_BYTES


class _Span(NamedTuple):
    """Chunks ``[start, end)`` of the xorb that holds them now."""

    xorb: str
    start: int
    end: int


def pack_new(hub: Hub, shelf: Shelf, file: XetFile, matched: Matched) -> Terms:
    """The terms that the file is made of from now on, once all that is new in it is packed.

    Raises XorbDamaged, and HandedBack when the worker stops.
    """
    sizes = matched.new_sizes.astype(np.int64)
    places = _places(np.cumsum(sizes + HEADER_BYTES))
    numbers = _numbers(matched.new_chunks)
    key = signing.signing_key(hub.database)
    packed: list[bytes] = []
    for start, end in pairwise(places):
        stop_here_if_asked()
        seal = blake3(key + bytes.fromhex(file.sha256) + start.to_bytes(8, "little")).digest()
        packed.append(_pack(hub, shelf, list(_spans(file.terms, numbers[start:end])), seal))
    return Terms.of(_terms(shelf, matched, places, packed))


def _places(frame_ends: Numbers) -> list[int]:
    """Which of the new chunks each xorb begins with, and where the last one ends."""
    places, before = [0], 0
    while places[-1] < len(frame_ends):
        places.append(int(np.searchsorted(frame_ends, before + _ROOM_BYTES, side="right")))
        before = int(frame_ends[places[-1] - 1])
    return places


def _numbers(ranges: list[tuple[int, int]]) -> Numbers:
    if not ranges:
        return np.empty(0, np.int64)
    return np.concatenate([np.arange(start, end, dtype=np.int64) for start, end in ranges])


def _spans(terms: Terms, numbers: Numbers) -> Iterator[_Span]:
    """Where the file's chunks of these numbers, which ascend, are now."""
    before = done = 0
    for term in terms:
        after = before + term.end - term.start
        until = int(np.searchsorted(numbers, after))
        mine = numbers[done:until] - before + term.start
        for run in np.split(mine, np.flatnonzero(np.diff(mine) != 1) + 1):
            if len(run):
                yield _Span(term.xorb, int(run[0]), int(run[-1]) + 1)
        before, done = after, until
        if done == len(numbers):
            return


def _pack(hub: Hub, shelf: Shelf, spans: list[_Span], seal: bytes) -> bytes:
    """A xorb of these chunks and its seal is there when this returns; its raw hash."""
    tree = hashes.MergeTree()
    for span in spans:
        chunks = shelf.get(span.xorb).chunks
        packed = chunks.hashes(span.start, span.end)
        for at, size_bytes in enumerate(chunks.sizes(span.start, span.end).tolist()):
            tree.add(packed[at * HASH_BYTES : (at + 1) * HASH_BYTES], size_bytes)
    tree.add(hashes.chunk_hash(seal), len(seal))
    root = tree.root()
    with hub.database.write() as conn:
        if records.keep_xorb(conn, hashes.to_text(root)):
            return root
    _store(hub, shelf, spans, seal)
    return root


def _store(hub: Hub, shelf: Shelf, spans: list[_Span], seal: bytes) -> None:
    with hub.blobs.begin() as writer:
        packer = XorbPacker(writer.write)
        for span in spans:
            xorb = shelf.get(span.xorb)
            packed = xorb.chunks.hashes(span.start, span.end)
            for at, chunk in enumerate(shelf.chunks(xorb, span.start, span.end)):
                packer.add(chunk, packed[at * HASH_BYTES : (at + 1) * HASH_BYTES])
        packer.add(memoryview(seal), hashes.chunk_hash(seal))
        name, table = packer.finish()
        blob = writer.commit()
    condemned.forget_removed(hub.database, hub.blobs, [blob.sha256])
    with hub.database.write() as conn:
        records.add_xorb(conn, StoredXorb(name, blob, table), None)


def _terms(
    shelf: Shelf, matched: Matched, places: list[int], packed: list[bytes]
) -> Iterator[Term]:
    """Runs as terms; one of new chunks is cut where another xorb begins."""
    ends = np.concatenate([[0], np.cumsum(matched.new_sizes, dtype=np.int64)])
    for run in matched.runs:
        if run.xorb is not None:
            size_bytes = shelf.get(run.xorb).chunks.unpacked_bytes(run.start, run.end)
            yield Term(hashes.from_text(run.xorb), size_bytes, run.start, run.end)
            continue
        start = run.start
        while start < run.end:
            at = int(np.searchsorted(places, start, side="right")) - 1
            end = min(run.end, places[at + 1])
            first = places[at]
            yield Term(packed[at], int(ends[end] - ends[start]), start - first, end - first)
            start = end
