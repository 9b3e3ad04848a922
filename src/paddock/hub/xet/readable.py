"""Files that the bearer of a Xet token may read, found by what they are made of.

All of a hub's repositories count, not the token's alone: what is public may be built upon. Rights
are those of a download, gates and withheld files included, and are asked for at every look. What is
not readable is passed over in silence, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub import access, lookup
from paddock.hub.bearers import recall
from paddock.hub.context import Hub
from paddock.hub.errors import GatedForCaller, GatedForStranger
from paddock.hub.large.tables import xet_chunks, xet_file_xorbs, xet_own_terms
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.tables import repositories, repository_large_files, xet_files
from paddock.hub.types import Repository
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.spans import Spans

# Of the files that hold a chunk, or are made of a xorb, so many are looked at.
_FILES_LOOKED_AT = 64
# Chunks of zeros are everywhere: who asks for one is answered from so many xorbs.
_XORBS_LOOKED_AT = 4096

_HELD = (
    sa.select(
        xet_files.c.hash,
        xet_files.c.sha256,
        repository_large_files.c.repo_id,
        repository_large_files.c.pushed_at,
    )
    .join(repository_large_files, repository_large_files.c.sha256 == xet_files.c.sha256)
    .join(repositories, repositories.c.id == repository_large_files.c.repo_id)
    # Terms are for the repositories that see the file in them.
    .outerjoin(
        xet_own_terms,
        (xet_own_terms.c.repo_id == repositories.c.id)
        & (xet_own_terms.c.file_hash == sa.func.coalesce(xet_files.c.of_hash, xet_files.c.hash)),
    )
    .where(
        sa.func.coalesce(xet_own_terms.c.own_hash, xet_files.c.of_hash, xet_files.c.hash)
        == xet_files.c.hash
    )
)
_BY_XORB = _HELD.join(xet_file_xorbs, xet_file_xorbs.c.file_hash == xet_files.c.hash)
_HOLDING = (
    sa.select(xet_chunks.c.xorb_hash)
    .where(xet_chunks.c.chunk_hash == sa.bindparam("chunk"))
    .order_by(xet_chunks.c.xorb_hash)
    .limit(_XORBS_LOOKED_AT)
    .subquery()
)
_BY_CHUNK = _BY_XORB.join(_HOLDING, _HOLDING.c.xorb_hash == xet_file_xorbs.c.xorb_hash).add_columns(
    _HOLDING.c.xorb_hash
)


class FoundChunk(NamedTuple):
    """A readable file, and a xorb that it is made of, among others."""

    file_hash: str
    xorb_hash: str


class Reader:
    """What one bearer may read; rights are remembered for as long as it is used."""

    def __init__(self, hub: Hub, conn: sa.Connection, allowed: XetAccess) -> None:
        self._hub = hub
        self._home = allowed.repo_id
        self._caller, home = recall(conn, allowed.bearer, allowed.repo_id)
        self._repositories: dict[int, Repository | None] = {home.id: home}
        self._contents: dict[tuple[int, str], bool] = {}

    def made_of_xorb(self, conn: sa.Connection, xorb_hash: str) -> Iterator[str]:
        """Hashes of readable files that are made of the xorb, those of this repository first."""
        query = _BY_XORB.where(xet_file_xorbs.c.xorb_hash == xorb_hash)
        for row in self._readable(conn, query):
            yield row.hash

    def made_of_chunk(self, conn: sa.Connection, chunk_hash: str) -> Iterator[FoundChunk]:
        """Readable files that are made of xorbs with this chunk, which is in the index.

        Whether they are made of the chunk itself, their terms say.
        """
        for row in self._readable(conn, _BY_CHUNK.params(chunk=chunk_hash)):
            yield FoundChunk(row.hash, row.xorb_hash)

    def may_read(self, conn: sa.Connection, file_hash: str) -> bool:
        """Whether any readable repository holds this file."""
        query = _HELD.where(xet_files.c.hash == file_hash)
        return next(self._readable(conn, query), None) is not None

    def _readable(self, conn: sa.Connection, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        """Rows of files that may be read, this repository's first, then the newest ones."""
        seen = query.where(access.visible_to(self._caller)).limit(_FILES_LOOKED_AT)
        mine = repository_large_files.c.repo_id == self._home
        found = [*conn.execute(seen.where(mine)), *conn.execute(seen.where(~mine))]
        found.sort(key=lambda row: (row.repo_id == self._home, row.pushed_at), reverse=True)
        told: set[tuple[Any, ...]] = set()
        for row in found:
            key = (row.hash, *row[4:])
            if key not in told and self._may_read(conn, row.repo_id, row.sha256):
                told.add(key)
                yield row

    def _may_read(self, conn: sa.Connection, repo_id: int, sha256: str) -> bool:
        if (known := self._contents.get((repo_id, sha256))) is not None:
            return known
        repo = self._repository(conn, repo_id)
        may = repo is not None and not leaving.find_problem_of_content(
            Asking(self._hub, conn, self._caller, repo), sha256
        )
        self._contents[repo_id, sha256] = may
        return may

    def _repository(self, conn: sa.Connection, repo_id: int) -> Repository | None:
        """The repository, which the caller sees, if its gate lets them in."""
        if repo_id not in self._repositories:
            query = sa.select(repositories).where(repositories.c.id == repo_id)
            row = conn.execute(query).mappings().one_or_none()
            self._repositories[repo_id] = None
            if row is not None:
                repo = lookup.to_repository(row)
                try:
                    access.require_content(conn, self._caller, repo)
                except (GatedForStranger, GatedForCaller):
                    return None
                self._repositories[repo_id] = repo
        return self._repositories[repo_id]


def spans_of(conn: sa.Connection, file_hash: str) -> Spans | None:
    """What a Xet file is made of; None when it went meanwhile."""
    query = sa.select(xet_files.c.terms).where(xet_files.c.hash == file_hash)
    packed = conn.execute(query).scalar_one_or_none()
    return None if packed is None else Spans(Terms(bytes(packed)))
