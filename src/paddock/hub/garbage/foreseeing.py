"""What a sweep would remove, without removing anything: one thing's end lets go of the next.

Links of repositories to large files, then the files that no link holds, their Xet files, the xorbs
that no other file is made of, and the blobs that no other row names. Only reads, and locks nothing,
so it may run beside a server; memory grows with what would go, not with the store. A sweep with the
same graces, while nothing else happens, removes exactly this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from paddock.hub.garbage.blobs import BlobDeadlines, SweptBlobs, batches
from paddock.hub.garbage.referrers import named, naming_columns, only_blobs
from paddock.hub.garbage.rows import HAS_FILE, SweptRows, XorbDeadlines, is_over
from paddock.hub.large.tables import condemned_blobs, xet_file_xorbs, xet_own_terms, xorb_variants
from paddock.hub.tables import (
    git_objects,
    large_files,
    repository_large_files,
    xet_files,
    xorbs,
)
from paddock.storage.blobs import BlobStore, StoredBlob
from paddock.storage.columns import Moment
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks

_links = repository_large_files.c


@dataclass(slots=True)
class Foreseen:
    """Rows that would be gone, by their keys."""

    objects: set[tuple[int, str]] = field(default_factory=set)  # repository, id
    links: set[tuple[int, str]] = field(default_factory=set)  # repository, SHA-256
    files: set[str] = field(default_factory=set)
    xet_files: set[str] = field(default_factory=set)
    xorbs: set[str] = field(default_factory=set)
    variants: set[tuple[str, int]] = field(default_factory=set)  # xorb, repository

    def rows(self, conn: sa.Connection, deadlines: XorbDeadlines) -> SweptRows:
        """Follow the links that would go to files, Xet files and xorbs."""
        self.files.update(self._files(conn))
        self.xet_files.update(self._xet_files(conn))
        waiting = 0
        for some in in_chunks(sorted(self._idle_xorbs(conn))):
            query = sa.select(xorbs.c.hash).where(xorbs.c.hash.in_(some))
            since = sa.func.coalesce(xorbs.c.idle_since, sa.literal(deadlines.now, Moment))
            gone = set(conn.execute(query.where(is_over(deadlines, since))).scalars())
            self.xorbs |= gone
            waiting += len(some) - len(gone)
        self.variants.update(self._variants(conn, deadlines))
        return SweptRows(len(self.files), len(self.xet_files), len(self.xorbs), waiting)

    def _files(self, conn: sa.Connection) -> Iterator[str]:
        """Large files that no repository would hold."""
        held = sa.exists().where(_links.sha256 == large_files.c.sha256)
        yield from conn.execute(sa.select(large_files.c.sha256).where(~held)).scalars()
        for some in in_chunks(sorted({sha256 for _, sha256 in self.links})):
            query = sa.select(_links.repo_id, _links.sha256).where(_links.sha256.in_(some))
            kept = {row.sha256 for row in conn.execute(query) if tuple(row) not in self.links}
            yield from set(some) - kept

    def _xet_files(self, conn: sa.Connection) -> Iterator[str]:
        yield from conn.execute(sa.select(xet_files.c.hash).where(~HAS_FILE)).scalars()
        for some in in_chunks(sorted(self.files)):
            query = sa.select(xet_files.c.hash).where(xet_files.c.sha256.in_(some))
            yield from conn.execute(query).scalars()
        yield from self._own_terms(conn)

    def _own_terms(self, conn: sa.Connection) -> Iterator[str]:
        """Other terms of files, which none of the repositories that see them would hold."""
        own = xet_own_terms.c
        held = (_links.repo_id == own.repo_id) & (_links.sha256 == xet_files.c.sha256)
        for some in in_chunks(sorted({sha256 for _, sha256 in self.links})):
            query = (
                sa.select(xet_files.c.hash, own.repo_id, xet_files.c.sha256)
                .join(xet_own_terms, own.own_hash == xet_files.c.hash)
                .join(repository_large_files, held)
                .where(xet_files.c.sha256.in_(some))
            )
            rows = conn.execute(query).all()
            seen = {row.hash for row in rows if (row.repo_id, row.sha256) not in self.links}
            yield from {row.hash for row in rows} - seen

    def _idle_xorbs(self, conn: sa.Connection) -> set[str]:
        """Xorbs that no file would be made of."""
        links = xet_file_xorbs.c
        used = sa.exists().where(links.xorb_hash == xorbs.c.hash)
        found = set(conn.execute(sa.select(xorbs.c.hash).where(~used)).scalars())
        let_go: set[str] = set()
        for some in in_chunks(sorted(self.xet_files)):
            query = sa.select(links.xorb_hash).where(links.file_hash.in_(some))
            let_go.update(conn.execute(query).scalars())
        for some in in_chunks(sorted(let_go)):
            query = sa.select(links.xorb_hash, links.file_hash).where(links.xorb_hash.in_(some))
            rows = conn.execute(query)
            kept = {row.xorb_hash for row in rows if row.file_hash not in self.xet_files}
            found |= set(some) - kept
        return found

    def _variants(self, conn: sa.Connection, deadlines: XorbDeadlines) -> Iterator[tuple[str, int]]:
        """Other forms of xorbs; nearly no repository sees any."""
        row, links = xorb_variants.c, xet_file_xorbs.c
        everyone = conn.execute(sa.select(row.xorb_hash, row.repo_id)).all()
        yield from (tuple(one) for one in everyone if one.xorb_hash in self.xorbs)
        old = sa.select(row.xorb_hash, row.repo_id).where(row.sent_at <= deadlines.sent)
        unseen = {tuple(one) for one in conn.execute(old)}
        of_files = (
            sa.select(row.xorb_hash, row.repo_id, _links.sha256, xet_files.c.hash)
            .join(xet_file_xorbs, links.xorb_hash == row.xorb_hash)
            .join(xet_files, xet_files.c.hash == links.file_hash)
            .join(
                repository_large_files,
                (_links.sha256 == xet_files.c.sha256) & (_links.repo_id == row.repo_id),
            )
        )
        for xorb, repo_id, sha256, file_hash in conn.execute(of_files):
            if (repo_id, sha256) not in self.links and file_hash not in self.xet_files:
                unseen.discard((xorb, repo_id))
        yield from unseen

    def keeps(self, conn: sa.Connection, sha256s: Sequence[str]) -> set[str]:
        """Those of the blobs that a row names which stays."""
        kept = named(conn, sha256s)
        let_go = kept & self._named_by_the_gone(conn, kept)
        return (kept - let_go) | self._named_by_others(conn, sorted(let_go))

    def _named_by_the_gone(self, conn: sa.Connection, sha256s: Iterable[str]) -> set[str]:
        found = self.files & set(sha256s)
        for some in in_chunks(sorted(sha256s)):
            query = sa.select(xorbs.c.hash, xorbs.c.blob_sha256)
            rows = conn.execute(query.where(xorbs.c.blob_sha256.in_(some)))
            found |= {row.blob_sha256 for row in rows if row.hash in self.xorbs}
            in_git = _objects(conn, some)
            found |= {row.blob_sha256 for row in in_git if tuple(row[:2]) in self.objects}
            forms = _other_forms(conn, some)
            found |= {row[2] for row in forms if tuple(row[:2]) in self.variants}
        return found

    def _named_by_others(self, conn: sa.Connection, sha256s: Sequence[str]) -> set[str]:
        found: set[str] = set()
        special = (
            large_files.c.sha256,
            xorbs.c.blob_sha256,
            git_objects.c.blob_sha256,
            xorb_variants.c.blob_sha256,
        )
        for some in in_chunks(sha256s):
            whole = sa.select(large_files.c.sha256).where(
                large_files.c.sha256.in_(some), large_files.c.is_blob
            )
            found |= set(conn.execute(whole).scalars()) - self.files
            query = sa.select(xorbs.c.hash, xorbs.c.blob_sha256)
            rows = conn.execute(query.where(xorbs.c.blob_sha256.in_(some)))
            found |= {row.blob_sha256 for row in rows if row.hash not in self.xorbs}
            in_git = _objects(conn, some)
            found |= {row.blob_sha256 for row in in_git if tuple(row[:2]) not in self.objects}
            forms = _other_forms(conn, some)
            found |= {row[2] for row in forms if tuple(row[:2]) not in self.variants}
            for column in naming_columns():
                if not any(column is one for one in special):
                    query = sa.select(column).where(column.in_(some), only_blobs(column))
                    found.update(conn.execute(query).scalars())
        return found

    def blobs(self, database: Database, store: BlobStore, deadlines: BlobDeadlines) -> SweptBlobs:
        """What of the store would be deleted, and what would wait."""
        gone = gone_bytes = waiting = waiting_bytes = 0
        for some in batches(store.stored()):
            with database.read() as conn:
                kept = self.keeps(conn, [blob.sha256 for blob in some])
                unnamed = [blob for blob in some if blob.sha256 not in kept]
                over = list(_over(conn, unnamed, deadlines))
            for blob, goes in over:
                gone, gone_bytes = gone + goes, gone_bytes + goes * blob.size_bytes
                waiting += not goes
                waiting_bytes += (not goes) * blob.size_bytes
        return SweptBlobs(gone, gone_bytes, waiting, waiting_bytes)


def _objects(conn: sa.Connection, sha256s: Sequence[str]) -> Sequence[sa.Row[int, str, str]]:
    columns = (git_objects.c.repo_id, git_objects.c.oid, git_objects.c.blob_sha256)
    return conn.execute(sa.select(*columns).where(columns[2].in_(sha256s))).all()


def _other_forms(conn: sa.Connection, sha256s: Sequence[str]) -> Sequence[sa.Row[str, int, str]]:
    row = xorb_variants.c
    query = sa.select(row.xorb_hash, row.repo_id, row.blob_sha256)
    return conn.execute(query.where(row.blob_sha256.in_(sha256s))).all()


def _over(
    conn: sa.Connection, unnamed: Sequence[StoredBlob], deadlines: BlobDeadlines
) -> Iterator[tuple[StoredBlob, bool]]:
    """Each blob, and whether it was condemned long enough ago; one that was not is so now."""
    rows: dict[str, sa.Row[Any, Any, Any, Any]] = {}
    for some in in_chunks([blob.sha256 for blob in unnamed]):
        query = condemned_blobs.select().where(condemned_blobs.c.sha256.in_(some))
        rows.update((row.sha256, row) for row in conn.execute(query))
    for blob in unnamed:
        row = rows.get(blob.sha256)
        if row is not None and row.is_deleting:
            if row.deleted_at is not None:  # it came back after its end: kept until that is over
                yield blob, False
            continue
        # Stored again since: its time starts anew.
        is_known = row is not None and row.condemned_at >= blob.stored_at
        since = row.condemned_at if row is not None and is_known else deadlines.now
        yield blob, since <= deadlines.condemned
