"""A shard's claims, each recomputed before it counts.

The order of proof for a file: every term's chunks exist and have the sizes that are claimed; the
client knows their hashes (verification hash), so it cannot name other people's xorbs by hash alone;
the merge tree over them gives the file's hash; the bytes themselves give its SHA-256. Only then
does the repository hold the file. A xorb that is unknown and a xorb whose chunks the client does
not know are the same failure, so that nobody learns what else is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.bearers import check_bearer
from paddock.hub.context import Hub
from paddock.hub.discussions import contributing
from paddock.hub.large import large_files
from paddock.hub.large.large_files import XetFileRow
from paddock.hub.types import Need
from paddock.hub.xet import hashes, records
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.layout import Term
from paddock.hub.xet.reading import Shelf, read_chunks
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.shards import BadShard, FileClaim, Shard, XorbClaim

# The largest file that the Hub takes; it also bounds how long one claim can keep us reading.
MAX_FILE_BYTES = 500 * 10**9
MAX_SHARD_FILES_BYTES = 4 * MAX_FILE_BYTES
MAX_SHARD_CHUNKS = 1 << 24  # twice those of the largest file
_REPORT_BYTES = 64 * 1024 * 1024


class Progress(NamedTuple):
    """How much of the shard's files was read to compute their SHA-256."""

    verified_bytes: int
    total_bytes: int


Registering = Generator[Progress, None, bool]


def register(hub: Hub, allowed: XetAccess, shard: Shard) -> Registering:
    """Verify a shard, then give its files to the token's repository, all or none.

    Returns whether any file was new to the repository; raises BadShard, QuotaExceeded, and what
    ``check_bearer`` raises when the right was withdrawn meanwhile.
    """
    shelf = Shelf(hub.database, hub.blobs)
    claims = list({claim.file_hash: claim for claim in shard.files}.values())
    _check_bounds(claims)
    for xorb in shard.xorbs:
        _check_xorb(shelf, xorb)
    for claim in claims:
        _check_terms(shelf, claim)
    sha256s = yield from _sha256s(hub, shelf, claims)
    for claim, sha256 in zip(claims, sha256s, strict=True):
        if claim.sha256 not in (None, sha256):
            raise BadShard(f"file {claim.name} has SHA-256 {sha256}; {claim.sha256} was claimed")
    files = zip(claims, sha256s, strict=True)
    return _record(hub, allowed, [XetFile(claim.name, sha, claim.terms) for claim, sha in files])


def advance(registering: Registering) -> Progress | bool:
    """The next step: how far it came, or at the end what ``register`` returns."""
    try:
        return next(registering)
    except StopIteration as end:
        return bool(end.value)


def _check_bounds(claims: list[FileClaim]) -> None:
    """Before any work: what is asked for is within what honest clients ask for."""
    for claim in claims:
        if claim.terms.size_bytes > MAX_FILE_BYTES:
            raise BadShard(f"file {claim.name} is larger than {MAX_FILE_BYTES} bytes")
    if sum(claim.terms.size_bytes for claim in claims) > MAX_SHARD_FILES_BYTES:
        raise BadShard(f"the shard's files are larger than {MAX_SHARD_FILES_BYTES} bytes together")
    if sum(claim.terms.chunk_count for claim in claims) > MAX_SHARD_CHUNKS:
        raise BadShard(f"the shard's files have more than {MAX_SHARD_CHUNKS} chunks together")


def _check_xorb(shelf: Shelf, claim: XorbClaim) -> None:
    xorb = shelf.find(hashes.to_text(claim.xorb_hash))
    if xorb is None or xorb.chunks.hashes(0, len(xorb.chunks)) != claim.chunk_hashes:
        name = hashes.to_text(claim.xorb_hash)
        raise BadShard(f"xorb {name} was not uploaded, or has other chunks than the shard says")


def _check_terms(shelf: Shelf, claim: FileClaim) -> None:
    """Everything about a file that needs no reading of its bytes."""
    tree = hashes.MergeTree()
    for at, (term, proof) in enumerate(zip(claim.terms, claim.verification, strict=True)):
        xorb = shelf.find(term.xorb)
        if xorb is None or not _is_proven(xorb, term, proof):
            raise BadShard(
                f"term {at} of file {claim.name}: xorb {term.xorb} was not uploaded, or its chunks "
                f"{term.start} to {term.end} are not those that the verification hash proves"
            )
        chunk_hashes = xorb.chunks.hashes(term.start, term.end)
        for i, size_bytes in enumerate(xorb.chunks.sizes(term.start, term.end).tolist()):
            tree.add(chunk_hashes[i * 32 : i * 32 + 32], size_bytes)
    if _file_hash(tree, claim) != claim.file_hash:
        raise BadShard(f"the chunks of file {claim.name} make another file's hash")


def _is_proven(xorb: StoredXorb, term: Term, proof: bytes) -> bool:
    if not term.start < term.end <= len(xorb.chunks):
        return False
    if xorb.chunks.unpacked_bytes(term.start, term.end) != term.unpacked_bytes:
        return False
    return hashes.verification_hash(xorb.chunks.hashes(term.start, term.end)) == proof


def _file_hash(tree: hashes.MergeTree, claim: FileClaim) -> bytes:
    return hashes.file_hash(tree.root()) if len(claim.terms) else hashes.EMPTY_FILE_HASH


def _sha256s(
    hub: Hub, shelf: Shelf, claims: list[FileClaim]
) -> Generator[Progress, None, list[str]]:
    """SHA-256 of every file. The same file hash is the same chunks: those are known already."""
    with hub.database.read() as conn:
        known = records.known_sha256s(conn, [claim.name for claim in claims])
    total = sum(claim.terms.size_bytes for claim in claims if claim.name not in known)
    done = 0
    for claim in claims:
        if claim.name in known:
            continue
        sha256 = hashlib.sha256()
        for chunk in read_chunks(shelf, claim.terms, 0, claim.terms.size_bytes):
            sha256.update(chunk)
            if done // _REPORT_BYTES != (done + len(chunk)) // _REPORT_BYTES:
                yield Progress(done, total)
            done += len(chunk)
        known[claim.name] = sha256.hexdigest()
    return [known[claim.name] for claim in claims]


def _record(hub: Hub, allowed: XetAccess, files: list[XetFile]) -> bool:
    repo_id = allowed.repo_id
    rows = [XetFileRow(file.sha256, file.size_bytes, file.hash) for file in files]
    with hub.database.write() as conn:
        check_bearer(conn, allowed.bearer, repo_id)
        had = large_files.present(conn, repo_id, [row.sha256 for row in rows])
        records.add_files(conn, files)
        count_contribution(hub, conn, allowed, {row.sha256: row.size_bytes for row in rows})
        large_files.add_xet_files(conn, repo_id, rows)
    return any(row.sha256 not in had for row in rows)


def count_contribution(
    hub: Hub, conn: sa.Connection, allowed: XetAccess, sizes: Mapping[str, int]
) -> None:
    """Bound what is sent for pull requests by who may not write; raises TooMuchContributed.

    A xorb counts while no file is made of it, then the file does, and what it has no part in.
    """
    if allowed.bearer.need < Need.WRITE:
        user_id, limit = allowed.bearer.user_id, hub.pull_request_bytes
        contributing.record_contribution(conn, allowed.repo_id, user_id, sizes, limit)
