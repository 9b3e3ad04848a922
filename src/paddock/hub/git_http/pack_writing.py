"""Objects as a pack: header, entries, and the digest of it all.

Knows the order in which a pack is sent: commits, tags, folders, files. Files at one place follow
each other, so that each can be sent as what changed. A pack begins with the number of its objects,
so the folders, whose number nobody knows before, wait in a temporary file, mostly as deltas.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, NamedTuple

from paddock.errors import Forbidden
from paddock.hub.git.objects import ObjectType
from paddock.hub.git_http.deltas import LEVEL, Entries, entry_head
from paddock.hub.git_http.fetch_request import FetchRequest, Filter
from paddock.hub.git_http.graph import Node
from paddock.hub.git_http.object_rows import ObjectRow, ObjectRows
from paddock.hub.git_http.pack_cache import (
    ID_BYTES,
    PIECE_BYTES,
    Ids,
    KeptPack,
    PackCache,
    Recording,
    pack_head,
)
from paddock.hub.git_http.selection import Selection, Wanted
from paddock.hub.git_http.tree_walk import TreeWalk
from paddock.storage.blobs import BlobStore

_IN_MEMORY_BYTES = 16 << 20
_BLOBS_TOGETHER = 5000


class FileWithheld(Forbidden):
    """A pack would hold a file that whoever asks for it may not have."""

    code = "git_file_withheld"

    def __init__(self, oid: str) -> None:
        super().__init__(f"the file {oid} may not be sent")
        self.oid = oid


class PackSource(NamedTuple):
    """Where objects come from, and where a whole pack goes to be used again."""

    rows: ObjectRows
    blobs: BlobStore
    packs: PackCache
    repo_id: int
    withheld: frozenset[bytes] = frozenset()  # files that whoever gets the pack may not have

    def keep(self, pack: KeptPack, *, by_offset: bool) -> None:
        self.packs.keep(self.repo_id, pack, by_offset=by_offset)


class Progress(NamedTuple):
    """How many objects were found so far: something to show while nothing is sent yet."""

    found: int


def write_pack(
    source: PackSource, request: FetchRequest, selection: Selection, wanted: Wanted
) -> Iterator[bytes | Progress]:
    """The pack in pieces; while the objects are found, how many they are."""
    return PackWriter(source, request, selection, wanted).write()


class PackWriter:
    """One pack: what is kept of it as it is, and what is not behind it."""

    def __init__(
        self, source: PackSource, request: FetchRequest, selection: Selection, wanted: Wanted
    ) -> None:
        self._source, self._request = source, request
        self._selection, self._wanted = selection, wanted
        self._by_offset = "ofs-delta" in request.words
        self._added: list[bytes] = []
        self.object_count = 0  # known before the first byte of the pack
        self.is_now_kept = False

    def write(self) -> Iterator[bytes | Progress]:
        """See ``write_pack``."""
        kept, selection = self._selection.kept, self._selection
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as folders:
            entries = Entries(by_offset=self._by_offset)
            held: Container[bytes] = Ids(kept.read_ids) if kept else ()
            walk = TreeWalk(self._source.rows, self._request.filter, entries, folders, held)
            for found in walk.walk(selection.roots):
                yield Progress(found + len(selection.commits))
            walk.add_asked(self._wanted.trees, self._wanted.blobs)
            folders.seek(0)
            added = self._gather(walk, folders)
            self._check_withheld(held)
            self.object_count = len(self._added) + (kept.object_count if kept else 0)
            yield Progress(self.object_count)
            if kept and not self._added:
                yield from kept.whole()
                return
            recording = Recording(len(self._added) if selection.is_whole else 0)
            head = pack_head(self.object_count)
            sent = chain([head], kept.read() if kept else (), recording.taking(added))
            yield from _with_digest(sent)
            tips = [node.oid for node in self._wanted.commits]
            ids = self.ids() if selection.is_whole else b""
            if (pack := recording.pack(tips, selection.tags, ids)) is not None:
                self._source.keep(pack, by_offset=self._by_offset)
                self.is_now_kept = True

    def ids(self) -> bytes:
        """The ids of all its objects, sorted, one behind the other; once it was written."""
        kept = self._selection.kept
        ids = kept.read_ids() if kept else b""
        before = [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]
        return b"".join(sorted(before + self._added))

    def _check_withheld(self, held: Container[bytes]) -> None:
        if self._source.withheld:
            added = set(self._added)
            for oid in sorted(self._source.withheld):
                if oid in added or oid in held:
                    raise FileWithheld(oid.hex())

    def _gather(self, walk: TreeWalk, folders: IO[bytes]) -> Iterator[bytes]:
        """The entries that are not kept, to be made one after the other."""
        source, wanted = self._source, self._wanted
        commits = _sent_commits(self._selection.commits, wanted, self._request.filter)
        tags = self._selection.tags
        places = _kept(source.rows, walk.blobs, self._request.filter)
        self._added += map(bytes.fromhex, [*commits, *tags])
        self._added += [*walk.trees, *(oid for _, oid in places), *walk.asked_blobs]
        return chain(
            _plain(source, commits),
            _plain(source, tags),
            _file(folders),
            _files(source, places, by_offset=self._by_offset),
            _plain(source, [oid.hex() for oid in walk.asked_blobs]),
        )


def _with_digest(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts in pieces worth sending, and their digest."""
    digest = hashlib.sha1(usedforsecurity=False)
    waiting: list[bytes] = []
    waiting_bytes = 0
    for part in parts:
        waiting.append(part)
        waiting_bytes += len(part)
        if waiting_bytes >= PIECE_BYTES:
            piece = b"".join(waiting)
            digest.update(piece)
            yield piece
            waiting, waiting_bytes = [], 0
    piece = b"".join(waiting)
    digest.update(piece)
    yield piece + digest.digest()


def _sent_commits(nodes: Sequence[Node], wanted: Wanted, filter_: Filter) -> list[str]:
    if ObjectType.COMMIT in filter_.kinds:
        return [node.oid for node in nodes]
    asked = {node.oid for node in wanted.commits}
    return [node.oid for node in nodes if node.oid in asked]


def _kept(
    rows: ObjectRows, found: list[tuple[int, bytes]], filter_: Filter
) -> list[tuple[int, bytes]]:
    """The files that the filter lets through, those of one place together, newest first."""
    limit = filter_.max_blob_bytes
    if limit:
        kept = []
        for start in range(0, len(found), _BLOBS_TOGETHER):
            some = found[start : start + _BLOBS_TOGETHER]
            facts = rows.facts([oid.hex() for _, oid in some])
            kept += [item for item in some if facts[item[1].hex()].size_bytes < limit]
        found = kept
    # Stable, so the newest version of a file comes first, and the others as changes of it.
    return sorted(reversed(found), key=lambda item: item[0])


def _plain(source: PackSource, oids: Sequence[str]) -> Iterator[bytes]:
    entries = Entries(by_offset=True)
    for row in source.rows.read(oids):
        yield from _whole(source.blobs, entries, row)


def _files(
    source: PackSource, items: Sequence[tuple[int, bytes]], *, by_offset: bool
) -> Iterator[bytes]:
    entries = Entries(by_offset=by_offset)
    place, base = -1, None
    for start in range(0, len(items), _BLOBS_TOGETHER):
        some = items[start : start + _BLOBS_TOGETHER]
        for item, row in zip(some, source.rows.read([o.hex() for _, o in some]), strict=True):
            if item[0] != place:
                place, base = item[0], None
            if row.content is None:
                yield from _whole(source.blobs, entries, row)
                base = None
                continue
            entry, base = entries.version(row.type, item[1], row.content, base)
            yield entry


def _whole(blobs: BlobStore, entries: Entries, row: ObjectRow) -> Iterator[bytes]:
    """An object that may be in the blob store, in pieces of bounded size."""
    if row.content is not None:
        yield entries.whole(row.type, row.content)
        return
    head = entry_head(row.type, row.size_bytes)
    packer = zlib.compressobj(LEVEL)
    entries.position += len(head)
    yield head
    for piece in blobs.read(row.blob_sha256 or ""):
        packed = packer.compress(piece)
        entries.position += len(packed)
        yield packed
    packed = packer.flush()
    entries.position += len(packed)
    yield packed


def _file(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
