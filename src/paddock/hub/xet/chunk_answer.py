"""What a client is told when it asks who has a chunk: xorbs to name instead of sending them again.

The answer is a shard of xorbs that readable files are made of, from the chunk on. Of a xorb's other
chunks nothing is told: random bytes stand for their hashes, one size for all of theirs, and what
follows the last readable one is left out; so places stay right. Hashes are keyed with a key of the
answer's own: only who has a chunk recognises it. What was told is remembered for the account
(``known``), which may name these chunks from then on.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.xet import hashes, known, records, served_shards
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.readable import FoundChunk, Reader, spans_of
from paddock.hub.xet.served_shards import ToldXorb
from paddock.hub.xet.spans import Mask, Spans, either
from paddock.hub.xet.xorbs import ChunkTable

# Views of blobs, which the sweep takes after a day without use, may be told too.
TOLD_SECONDS = 24 * 3600
# The sweep forgets what was told long ago: telling it again is noted at least that often.
_REFRESHED_AFTER = timedelta(days=1)
_MAX_CHUNKS = 1 << 16  # in an answer: 3 MB of it, some 4 GB of files
_FILES_TOLD = 3
_HIDDEN_BYTES = 64 * 1024  # said of every chunk that is not told of
_HASH_BYTES = hashes.HASH_BYTES


class _Told(NamedTuple):
    """A xorb and those of its chunks that may be told."""

    chunks: ChunkTable
    mask: Mask


def answer(hub: Hub, allowed: XetAccess, chunk: str) -> bytes | None:
    """The shard for a chunk (its hash in text form); None when nothing readable has it."""
    with hub.database.read() as conn:
        told = _find(hub, conn, allowed, chunk)
    if told and allowed.bearer.user_id:
        told = _remember(hub, allowed.bearer.user_id, told)
    if not told:
        return None
    return _render(told, clock.now())


def _find(hub: Hub, conn: sa.Connection, allowed: XetAccess, chunk: str) -> dict[str, _Told]:
    reader = Reader(hub, conn, allowed)
    told: dict[str, _Told] = {}
    room = _MAX_CHUNKS
    files = set()
    for found in reader.made_of_chunk(conn, chunk):
        spans = None if found.file_hash in files else spans_of(conn, found.file_hash)
        at = None if spans is None else _position(conn, spans, found, chunk)
        if spans is None or at is None:
            continue
        files.add(found.file_hash)
        for xorb in _xorbs_from(spans, at):
            if room <= 0:
                return told
            before = told.get(xorb)
            now = _told_of(conn, xorb, spans)
            if now is None:
                continue
            if before is not None:
                now = now._replace(mask=either(before.mask, now.mask))
            room -= _told_count(now) - (_told_count(before) if before else 0)
            told[xorb] = now
        if len(files) == _FILES_TOLD:
            break
    return told


def _position(conn: sa.Connection, spans: Spans, found: FoundChunk, chunk: str) -> int | None:
    """The number of the file's term that holds the chunk, if any does."""
    xorb = records.find_xorb(conn, found.xorb_hash)
    if xorb is None:
        return None
    raw, count = hashes.from_text(chunk), len(xorb.chunks)
    packed = np.frombuffer(xorb.chunks.hashes(0, count), f"V{_HASH_BYTES}")
    for at in np.flatnonzero(packed == np.void(raw)).tolist():
        term = spans.position(hashes.from_text(found.xorb_hash), at)
        if term is not None:
            return term
    return None


def _xorbs_from(spans: Spans, at: int) -> Iterator[str]:
    """The file's xorbs from a term on, each once; then those before it."""
    seen = set()
    for number in [*range(at, len(spans)), *range(at)]:
        xorb = spans.term(number).xorb_hash
        if xorb not in seen:
            seen.add(xorb)
            yield hashes.to_text(xorb)


def _told_of(conn: sa.Connection, xorb_hash: str, spans: Spans) -> _Told | None:
    xorb = records.find_xorb(conn, xorb_hash)
    if xorb is None:
        return None
    return _Told(xorb.chunks, spans.mask(hashes.from_text(xorb_hash), len(xorb.chunks)))


def _told_count(told: _Told) -> int:
    return int(np.flatnonzero(told.mask)[-1]) + 1


def _remember(hub: Hub, account_id: int, told: dict[str, _Told]) -> dict[str, _Told]:
    """Let the account name these chunks; xorbs that went meanwhile are not told of."""
    recent = clock.now() - _REFRESHED_AFTER
    with hub.database.read() as conn:
        before = known.known_to(conn, account_id, told, told_since=recent)
    new = {xorb: each.mask for xorb, each in told.items() if not _covers(before, xorb, each.mask)}
    if not new:
        return told
    with hub.database.write() as conn:
        there = records.hold_xorbs(conn, new)
        known.add_told(conn, account_id, {xorb: new[xorb] for xorb in there})
    return {xorb: each for xorb, each in told.items() if xorb in there or xorb not in new}


def _covers(before: dict[str, Mask | None], xorb: str, mask: Mask) -> bool:
    if xorb not in before:
        return False
    had = before[xorb]
    return had is None or not (mask & ~either(had, np.zeros_like(mask))[: len(mask)]).any()


def _render(told: dict[str, _Told], now: datetime) -> bytes:
    key = secrets.token_bytes(_HASH_BYTES)
    xorbs = []
    for xorb_hash, each in told.items():
        count = _told_count(each)
        mask = each.mask[:count]
        packed = each.chunks.hashes(0, count)
        tags = bytearray(secrets.token_bytes(len(packed)))
        for at in np.flatnonzero(mask).tolist():
            span = slice(at * _HASH_BYTES, (at + 1) * _HASH_BYTES)
            tags[span] = hashes.keyed(key, packed[span])
        sizes = np.where(mask, each.chunks.sizes(0, count), _HIDDEN_BYTES)
        xorbs.append(ToldXorb(hashes.from_text(xorb_hash), bytes(tags), sizes))
    made, end = int(now.timestamp()), int(now.timestamp()) + TOLD_SECONDS
    return served_shards.render(xorbs, key, made, end)
