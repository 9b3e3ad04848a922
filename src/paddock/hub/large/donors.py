"""Files that a new one may be made of in part: found by chunks that are indexed, and in the same
repositories.

Knows rows and rights, not bytes. A file's terms show in its reconstruction, so they may tell only
of what everybody who has the file may read anyhow: files of public repositories, and files that
each of the file's own repositories holds too. Of a xorb only those chunks count that such a file
uses.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub import access, lookup
from paddock.hub.context import Hub
from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.tables import large_files, repositories, repository_large_files
from paddock.hub.types import ANONYMOUS
from paddock.hub.xet import chunk_index, hashes, records
from paddock.hub.xet.matching import Pool
from paddock.hub.xet.records import XetFile
from paddock.hub.xet.spans import Spans
from paddock.hub.xet.xorbs import MAX_CHUNKS

SIBLINGS = 8
_FILES_OF_XORB = 16  # of those a xorb is in, so many are looked at
_XORBS_BEFORE, _XORBS_BEHIND = 2, 16  # loaded around one that was found
_MOST_TERMS = 100_000  # of a donor

_HOLDERS = repository_large_files.c


class _Donor:
    """A file that may be told of, and its xorbs in the order in which it uses them first."""

    def __init__(self, file: XetFile) -> None:
        self.spans = Spans(file.terms)
        self.xorbs = list(dict.fromkeys(term.xorb_hash for term in file.terms))
        self._places = {xorb: at for at, xorb in enumerate(self.xorbs)}

    def around(self, xorb_hash: bytes) -> list[bytes]:
        """The xorbs next to this one, and itself."""
        at = self._places.get(xorb_hash)
        if at is None:
            return []
        return self.xorbs[max(0, at - _XORBS_BEFORE) : at + _XORBS_BEHIND]


class Donors:
    """Fills a pool with what may hold a file's next chunks; not shared by threads."""

    def __init__(self, hub: Hub, file: XetFile, pool: Pool) -> None:
        self._hub = hub
        self._file = file
        self._pool = pool
        self._donors: dict[str, _Donor | None] = {}
        self._looked_at: set[str] = set()
        with hub.database.read() as conn:
            held = sa.select(_HOLDERS.repo_id).where(_HOLDERS.sha256 == file.sha256)
            self._holders = set(conn.execute(held).scalars())

    def add_siblings(self) -> None:
        """The files that came to the same repositories last, those of the same name first."""
        mine, other = repository_large_files.alias(), repository_large_files.alias()
        query = (
            sa.select(large_files.c.xet_hash)
            .join(other, other.c.sha256 == large_files.c.sha256)
            .join(mine, mine.c.repo_id == other.c.repo_id)
            .where(mine.c.sha256 == self._file.sha256, other.c.sha256 != self._file.sha256)
            .where(large_files.c.xet_hash.is_not(None))
            .order_by(sa.case((other.c.filename == mine.c.filename, 0), else_=1))
            .order_by(other.c.pushed_at.desc(), other.c.sha256)
            .limit(SIBLINGS)
        )
        with self._hub.database.read() as conn:
            for xet_hash in dict.fromkeys(conn.execute(query).scalars().all()):
                donor = self._donor(conn, xet_hash)
                if donor is not None:
                    self._load(conn, donor, donor.xorbs[:_XORBS_BEHIND])

    def add_holders_of(self, chunk_hashes: Iterable[bytes]) -> None:
        """Files that are made of xorbs with these chunks, as far as they are indexed."""
        with self._hub.database.read() as conn:
            found = chunk_index.find(conn, chunk_hashes)
            for xorb in dict.fromkeys(xorb for some in found.values() for xorb in some):
                self._follow(conn, xorb)

    def follow(self, xorb_hash: str) -> None:
        """What comes behind this xorb in the files that are made of it."""
        with self._hub.database.read() as conn:
            self._follow(conn, xorb_hash)

    def _follow(self, conn: sa.Connection, xorb: str) -> None:
        if xorb in self._looked_at:
            return
        self._looked_at.add(xorb)
        query = sa.select(xet_file_xorbs.c.file_hash).where(xet_file_xorbs.c.xorb_hash == xorb)
        query = query.order_by(xet_file_xorbs.c.file_hash).limit(_FILES_OF_XORB)
        for file_hash in conn.execute(query).scalars().all():
            donor = self._donor(conn, file_hash)
            if donor is not None:
                self._load(conn, donor, donor.around(hashes.from_text(xorb)))

    def _load(self, conn: sa.Connection, donor: _Donor, xorbs: Iterable[bytes]) -> None:
        for raw in xorbs:
            name = hashes.to_text(raw)
            if name in self._pool:
                continue
            found = records.find_xorb(conn, name)
            is_mine = found is not None and found.view and found.blob.sha256 == self._file.sha256
            if found is not None and not is_mine:
                self._pool.add(name, found.chunks, donor.spans.mask(raw, MAX_CHUNKS))

    def _donor(self, conn: sa.Connection, file_hash: str) -> _Donor | None:
        """The file, if what it is made of may be told."""
        if file_hash not in self._donors:
            file = records.find_file(conn, file_hash)
            is_another = file is not None and file_hash != self._file.hash
            if file is None or not is_another or len(file.terms) > _MOST_TERMS:
                self._donors[file_hash] = None
            else:
                told = self._may_tell(conn, file.sha256)
                self._donors[file_hash] = _Donor(file) if told else None
        return self._donors[file_hash]

    def _may_tell(self, conn: sa.Connection, sha256: str) -> bool:
        held = sa.select(_HOLDERS.repo_id).where(_HOLDERS.sha256 == sha256)
        both = held.where(_HOLDERS.repo_id.in_(sorted(self._holders)))
        if self._holders and self._holders <= set(conn.execute(both).scalars()):
            return True
        public = (
            sa.select(repositories)
            .join(repository_large_files, _HOLDERS.repo_id == repositories.c.id)
            .where(_HOLDERS.sha256 == sha256, repositories.c.gated.is_(None))
            .where(access.visible_to(ANONYMOUS))
            .limit(_FILES_OF_XORB)
        )
        for row in conn.execute(public).mappings().all():
            asking = Asking(self._hub, conn, ANONYMOUS, lookup.to_repository(row))
            if leaving.find_problem_of_content(asking, sha256) is None:
                return True
        return False
