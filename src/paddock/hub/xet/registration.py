"""A shard's claims, each recomputed before it counts.

The order of proof for a file: the client may name every term's chunks (``naming``); they exist and
have the sizes that are claimed; it knows their hashes (verification hash); the merge tree over them
gives the file's hash; the bytes themselves give its SHA-256. Only then does the repository hold the
file. A xorb that is unknown, one that the client may not name and one whose chunks it does not know
are the same failure, so that nobody learns what else is stored.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from paddock.hub.bearers import check_bearer
from paddock.hub.context import Hub
from paddock.hub.discussions import contributing
from paddock.hub.large import large_files, usage
from paddock.hub.large.large_files import XetFileRow
from paddock.hub.types import Need
from paddock.hub.xet import hashes, own_terms, records, variants
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.digesting import Wanted, digest_all
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.proving import check_terms
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import XetFile
from paddock.hub.xet.shards import BadShard, FileClaim, Shard, XorbClaim

# The largest file that the Hub takes; it also bounds how long one claim can keep us reading.
MAX_FILE_BYTES = 500 * 10**9
MAX_SHARD_FILES_BYTES = 4 * MAX_FILE_BYTES
MAX_SHARD_CHUNKS = 1 << 24  # twice those of the largest file


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
    naming = Naming(hub, allowed)
    claims = shard.files
    _check_bounds(claims)
    for xorb in shard.xorbs:
        _check_xorb(shelf, naming, xorb)
    for claim in claims:
        check_terms(shelf, naming, claim)
    _check_room(hub, allowed, claims)
    sha256s = yield from _sha256s(hub, shelf, naming, claims)
    for claim, sha256 in zip(claims, sha256s, strict=True):
        if claim.sha256 not in (None, sha256):
            raise BadShard(f"file {claim.name} has SHA-256 {sha256}; {claim.sha256} was claimed")
    # Copies of a file may be told with other terms each: all of them are proven, one is kept.
    by_name = {
        claim.name: XetFile(claim.name, sha256, claim.terms)
        for claim, sha256 in zip(claims, sha256s, strict=True)
    }
    files = list(by_name.values())
    return _record(hub, allowed, files, own_terms.trusted(hub.database, naming, files))


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
    sizes = {claim.name: claim.terms.size_bytes for claim in claims}
    if sum(sizes.values()) > MAX_SHARD_FILES_BYTES:
        raise BadShard(f"the shard's files are larger than {MAX_SHARD_FILES_BYTES} bytes together")
    if sum(claim.terms.chunk_count for claim in claims) > MAX_SHARD_CHUNKS:
        raise BadShard(f"the shard's files have more than {MAX_SHARD_CHUNKS} chunks together")


def _check_room(hub: Hub, allowed: XetAccess, claims: list[FileClaim]) -> None:
    """A few chunks, named again and again, are a large file: first see whether it has room."""
    sizes = {claim.name: claim.terms.size_bytes for claim in claims}
    with hub.database.read() as conn:
        held = records.held_by(conn, allowed.repo_id, sizes)
        new_bytes = sum(size for name, size in sizes.items() if name not in held)
        usage.check_files(conn, allowed.repo_id, new_bytes)


def _check_xorb(shelf: Shelf, naming: Naming, claim: XorbClaim) -> None:
    chunk_count = len(claim.sizes)
    xorb = shelf.find(hashes.to_text(claim.xorb_hash))
    if (
        xorb is None
        or xorb.chunks.hashes(0, len(xorb.chunks)) != claim.chunk_hashes
        or not np.array_equal(xorb.chunks.sizes(0, chunk_count), claim.sizes)
        or not naming.may_name(claim.xorb_hash, 0, chunk_count)
    ):
        name = hashes.to_text(claim.xorb_hash)
        raise BadShard(f"xorb {name} was not uploaded, or has other chunks than the shard says")


def _sha256s(
    hub: Hub, shelf: Shelf, naming: Naming, claims: list[FileClaim]
) -> Generator[Progress, None, list[str]]:
    """SHA-256 of every file. The same file hash is the same chunks: those are known already.

    Of a file that the client may not read it is computed anew, as of one that nobody has.
    """
    trusted = naming.may_trust(dict.fromkeys(claim.name for claim in claims))
    with hub.database.read() as conn:
        known = records.known_sha256s(conn, trusted)
    unknown: dict[str, Wanted] = {}
    for claim in claims:
        if claim.name not in known:
            unknown.setdefault(claim.name, Wanted(claim.name, claim.terms, claim.sha256))
    total = sum(file.terms.size_bytes for file in unknown.values())
    digesting = digest_all(lambda: Shelf(hub.database, hub.blobs), unknown.values())
    with closing(digesting):
        while True:
            try:
                yield Progress(next(digesting), total)
            except StopIteration as end:
                known.update(end.value)
                break
    return [known[claim.name] for claim in claims]


def _record(hub: Hub, allowed: XetAccess, files: list[XetFile], trusted: set[str]) -> bool:
    repo_id = allowed.repo_id
    rows = [XetFileRow(file.sha256, file.size_bytes, file.hash) for file in files]
    with hub.database.write() as conn:
        check_bearer(conn, allowed.bearer, repo_id)
        had = large_files.present(conn, repo_id, [row.sha256 for row in rows])
        records.add_files(conn, files)
        new = [file for file in files if file.sha256 not in had]
        own_terms.keep(conn, repo_id, new, trusted)
        made_of = {term.xorb for file in new for term in file.terms}
        variants.carry(conn, allowed.bearer.user_id, repo_id, made_of)
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
