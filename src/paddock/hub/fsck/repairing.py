"""Damaged and missing blobs, written anew from what proves to be their bytes.

In this order: a second copy; the file's Xet form, where it is made of other blobs; the chunks that
survived, completed by the same chunks elsewhere; for a xorb, its chunks in new frames. Nothing is
replaced before the new bytes are whole and have the digest, so trying never makes anything worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.fsck.chunk_search import MAX_CHUNKS, ChunkSearch, FoundChunks
from paddock.hub.fsck.copies import Copy, StoreCopy, copied, write_again
from paddock.hub.fsck.promises import Promise
from paddock.hub.fsck.rebuilding import rebuild
from paddock.hub.git_http.tables import kept_packs
from paddock.hub.large import condemned
from paddock.hub.large.tables import xorb_variants
from paddock.hub.tables import large_files, xet_files, xorbs
from paddock.hub.xet import variants
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.reading import Shelf, read_file
from paddock.hub.xet.records import StoredXorb, find_xorb
from paddock.storage.blobs import Blob, BlobStore
from paddock.storage.database import Database

_MAX_VIEWS = 10_000  # of one blob


class Repairs(NamedTuple):
    """What may be used to repair the store: itself, and its second copies."""

    database: Database
    blobs: BlobStore
    copies: Sequence[Copy] = ()

    @property
    def search(self) -> ChunkSearch:
        """For chunks: files of this store that are whole blobs are as good as a copy."""
        own = StoreCopy("this store", self.blobs)
        return ChunkSearch(self.database, self.blobs, (own, *self.copies))

    def blob(self, promise: Promise) -> str | None:
        """How the blob that a row names was brought back; None when nothing has its bytes."""
        for copy in self.copies:
            if copied(copy, self.blobs, promise.sha256, promise.size_bytes):
                return f"copied from {copy.name}"
        for terms in self._xet_forms(promise.sha256):
            if self._from_terms(promise.sha256, terms):
                return "made from its Xet chunks"
        if self._forget_pack(promise.sha256):
            return "a pack that is made anew when it is needed"
        return self._xorbs_in(promise.sha256)

    def xorb(self, xorb_hash: str) -> str | None:
        """How a xorb's frames were brought back."""
        with self.database.read() as conn:
            found = find_xorb(conn, xorb_hash)
        if found is not None and rebuild(self.search, found):
            return "packed anew from its chunks"
        return None

    def whole_file(self, sha256: str, size_bytes: int) -> str | None:
        """Let a large file be a blob, out of a second copy that has it as one."""
        if not any(copied(copy, self.blobs, sha256, size_bytes) for copy in self._with_own()):
            return None
        condemned.forget_removed(self.database, self.blobs, [sha256])
        with self.database.write() as conn:
            condemned.release(conn, [sha256])
            same = large_files.c.sha256 == sha256
            conn.execute(large_files.update().where(same).values(is_blob=True))
        return "the whole file is stored as a blob now"

    def _with_own(self) -> tuple[Copy, ...]:
        return (StoreCopy("this store", self.blobs), *self.copies)

    def _xet_forms(self, sha256: str) -> list[Terms]:
        """The terms of the large file of this digest, if it has any."""
        query = sa.select(xet_files.c.terms).where(xet_files.c.sha256 == sha256)
        with self.database.read() as conn:
            return [Terms(bytes(packed)) for packed in conn.execute(query).scalars()]

    def _from_terms(self, sha256: str, terms: Terms) -> bool:
        """From the file's chunks, those that are in the damaged blob itself included."""
        search = self.search
        wanted: dict[bytes, int] = {}
        of_xorbs: dict[str, None] = {}
        shelf = Shelf(self.database, self.blobs)
        for term in terms:
            if (xorb := shelf.find(term.xorb)) is None:
                return False
            for place in search.surviving(xorb, term.start, term.end):
                if place.content is None:
                    wanted[place.chunk_hash] = place.size_bytes
                    of_xorbs[term.xorb] = None
            if len(wanted) > MAX_CHUNKS:
                return False
        blob = Blob(sha256, terms.size_bytes)
        if not wanted:
            pieces = read_file(shelf, terms, 0, terms.size_bytes)
            return write_again(self.blobs, blob, pieces)
        with search.find(wanted, list(of_xorbs)) as found:
            if len(found) < len(wanted):
                return False
            return write_again(self.blobs, blob, _completed(search, shelf, terms, found))

    def _forget_pack(self, sha256: str) -> bool:
        with self.database.write() as conn:
            gone = kept_packs.delete().where(kept_packs.c.blob_sha256 == sha256)
            return conn.execute(gone).rowcount > 0

    def _xorbs_in(self, sha256: str) -> str | None:
        """Xorbs whose frames were in the blob, or that were views of it, each on its own."""
        done = [rebuild(self.search, xorb) for xorb in self._forms_in(sha256)]
        same = (large_files.c.sha256 == sha256) & large_files.c.is_blob
        with self.database.read() as conn:
            is_file = conn.execute(sa.select(large_files.c.sha256).where(same)).first() is not None
        return "packed anew from its chunks" if done and all(done) and not is_file else None

    def _forms_in(self, sha256: str) -> Iterator[StoredXorb]:
        """One at a time, for their tables are large; as they are stored, and as repositories see
        them that sent them in another form."""
        form = xorb_variants.c
        stored = sa.select(xorbs.c.hash).where(xorbs.c.blob_sha256 == sha256)
        others = sa.select(form.xorb_hash, form.repo_id).where(form.blob_sha256 == sha256)
        with self.database.read() as conn:
            names = list(conn.execute(stored.limit(_MAX_VIEWS)).scalars())
            seen = {row.xorb_hash: row.repo_id for row in conn.execute(others.limit(_MAX_VIEWS))}
        for name in names:
            with self.database.read() as conn:
                found = find_xorb(conn, name)
            if found is not None and found.blob.sha256 == sha256:
                yield found
        for name, repo_id in seen.items():
            with self.database.read() as conn:
                found = variants.among(conn, repo_id, [name]).get(name)
            if found is not None and found.blob.sha256 == sha256:
                yield found


def _completed(
    search: ChunkSearch, shelf: Shelf, terms: Terms, found: FoundChunks
) -> Iterator[bytes]:
    for term in terms:
        for place in search.surviving(shelf.get(term.xorb), term.start, term.end):
            content = place.content
            yield found.get(place.chunk_hash) if content is None else bytes(content)
