"""Folding: a file that came as one blob, and is mostly another one, is kept as what is new in it.

A job looks for the file's chunks in files that are here. Where a part worth having is found, the
chunks that are new are packed into xorbs, the file's terms name old and new ones, and when the
bytes that the terms give have the file's SHA-256 the blob is let go. The Xet hash stays, since the
chunks do; readers that have begun still find the blob, which the sweep takes after a while. Killed
anywhere, the job begins again and finds the xorbs that it packed. Nothing is kept twice but for the
time in between.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large.donors import Donors
from paddock.hub.large.new_chunks import pack_new
from paddock.hub.tables import large_files
from paddock.hub.xet import chunk_index, hashes, moving, records
from paddock.hub.xet.matching import Matched, Matcher, Pool, Run, TooScattered
from paddock.hub.xet.reading import Shelf, XorbDamaged, read_chunks
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.log import get_logger

log = get_logger("hub")

JOB = "fold_blob"

# A part worth having: of the file, and at least so many bytes.
WORTH_OF_FILE = 1 / 16
WORTH_BYTES = 1 << 20
MOST_CHUNKS = 1 << 21  # of some 130 GB: what is larger stays as it is
_STOP_BYTES = 1 << 28


def fold_later(conn: sa.Connection, sha256: str) -> None:
    """Let a job look for what is new in the large file, if there can be enough that is not."""
    query = sa.select(large_files.c.sha256).where(
        large_files.c.sha256 == sha256,
        large_files.c.is_blob,
        large_files.c.xet_hash.is_not(None),
        large_files.c.size_bytes >= WORTH_BYTES,
    )
    if conn.execute(query).first() is not None:
        enqueue(conn, JOB, {"sha256": sha256}, unique=sha256)


@handler(JOB)
def fold_blob(hub: Hub, payload: dict[str, Any]) -> None:
    """See the module; a file that is gone or folded by now needs nothing."""
    sha256 = str(payload["sha256"])
    file = _find(hub, sha256)
    if file is None or file.terms.chunk_count > MOST_CHUNKS:
        return
    shelf = Shelf(hub.database, hub.blobs)
    try:
        matched = _match(hub, shelf, file)
        if matched.found_bytes < max(WORTH_BYTES, file.size_bytes * WORTH_OF_FILE):
            return
        folded = file._replace(terms=pack_new(hub, shelf, file, matched))
        # Another shelf: what was a view may have frames of its own now.
        damage = _damage(Shelf(hub.database, hub.blobs), folded)
    except (TooScattered, XorbDamaged) as e:
        log.warning("a file stays as one blob", sha256=sha256, reason=e.message)
        return
    if damage:
        log.error("a file stays as one blob", sha256=sha256, reason=damage)
        return
    with hub.database.write() as conn:
        moving.let_go(conn, folded)


def _find(hub: Hub, sha256: str) -> XetFile | None:
    """The file, if it is a blob that may go and has a Xet hash."""
    query = sa.select(large_files.c.xet_hash).where(
        large_files.c.sha256 == sha256, large_files.c.is_blob
    )
    with hub.database.read() as conn:
        xet_hash = conn.execute(query).scalar_one_or_none()
        if xet_hash is None or moving.shows_to_some(conn, sha256):
            return None
        return records.find_file(conn, xet_hash)


def _match(hub: Hub, shelf: Shelf, file: XetFile) -> Matched:
    """Where the file's chunks are, besides in its own blob."""
    pool = Pool()
    donors = Donors(hub, file, pool)
    donors.add_siblings()
    matcher = Matcher(pool)
    for number, term in enumerate(file.terms):
        stop_here_if_asked()
        xorb = shelf.get(term.xorb)
        if not _is_own(xorb, file):
            matcher.add_known(Run(xorb.hash, term.start, term.end), term.unpacked_bytes)
            continue
        chunk_hashes = xorb.chunks.hashes(term.start, term.end)
        first = [chunk_hashes[: hashes.HASH_BYTES]] if number == 0 else []
        donors.add_holders_of([*first, *chunk_index.eligible_of(xorb.chunks)])
        if matcher.last_xorb is not None:
            donors.follow(matcher.last_xorb)
        for at, size_bytes in enumerate(xorb.chunks.sizes(term.start, term.end).tolist()):
            start = at * hashes.HASH_BYTES
            matcher.add(chunk_hashes[start : start + hashes.HASH_BYTES], size_bytes)
    return matcher.finish()


def _is_own(xorb: StoredXorb, file: XetFile) -> bool:
    return xorb.view is not None and xorb.blob.sha256 == file.sha256


def _damage(shelf: Shelf, folded: XetFile) -> str | None:
    """What is wrong with the bytes that the terms give, if anything is."""
    sha256 = hashlib.sha256()
    done = 0
    for chunk in read_chunks(shelf, folded.terms, 0, folded.size_bytes):
        sha256.update(chunk)
        done += len(chunk)
        if done % _STOP_BYTES < len(chunk):
            stop_here_if_asked()
    if sha256.hexdigest() != folded.sha256:
        return f"its terms would give SHA-256 {sha256.hexdigest()}"
    return None
