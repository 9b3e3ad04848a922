"""Which folders and files a series of commits brings, found by comparing each with its neighbour.

A commit changes little: its root folder is compared with its parent's as bytes, and only entries
that differ are looked at, down to the files. So the cost follows what changed, not how much there
is. What is equal is left to the neighbour, so that one must come first: parents before children, or
two commits that exchange two folders would each leave them to the other. Folders go into the pack
as they are met, each as a change of the version met before it; files are only listed. Memory is
bounded but for one line for each file.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from typing import IO, NamedTuple

from paddock.hub.git.objects import ObjectType
from paddock.hub.git_http.deltas import Entries, Placed, common_ends
from paddock.hub.git_http.fetch_request import Filter
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.storage.errors import StorageFailed

CACHE_BYTES = 48 << 20
_COMMITS_TOGETHER = 256
_PORTION_BYTES = 8 << 20
_FOLDER, _SUBMODULE = b"40000", b"160000"
_ENTRY = re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{20})", re.DOTALL)

Entry = tuple[bytes, bytes, bytes]  # mode, name, id
Names = dict[bytes, tuple[bytes, bytes]]  # name -> mode, id
Ends = tuple[int, int]  # bytes that two folders share at their beginnings and at their ends


class Job(NamedTuple):
    """A folder to look at, and the folders of the same place that are looked at or held already."""

    place: int
    oid: bytes
    known: tuple[bytes, ...]
    depth: int


class _Tree(NamedTuple):
    content: bytes
    starts: array[int]  # where each entry begins


class TreeWalk:
    """Meets every folder and file once; ``blobs`` are the files met, with their places."""

    def __init__(
        self,
        rows: ObjectRows,
        filter_: Filter,
        entries: Entries,
        target: IO[bytes],
        held: Container[bytes] = (),
    ) -> None:
        """``held`` are objects that are sent anyway, each with all that it leads to."""
        self._held = held
        self._rows, self._filter = rows, filter_
        self._entries, self._target = entries, target
        self._seen: dict[bytes, int] = {}  # folders and files: the least depth met
        self._written: set[bytes] = set()
        self._places: dict[tuple[int, bytes], int] = {}
        # place -> id, offset and chain of what was written there last
        self._last: dict[int, tuple[bytes, int, int]] = {}
        self._cache: OrderedDict[bytes, _Tree] = OrderedDict()
        self._cached_bytes = 0
        self._fresh: dict[bytes, bytes] = {}  # what was just read for the jobs in hand
        self._ends: tuple[bytes, Ends] | None = None  # the last neighbour, and what it shares
        self.blobs: list[tuple[int, bytes]] = []
        self.asked_blobs: list[bytes] = []

    @property
    def trees(self) -> Set[bytes]:
        """The folders that were written."""
        return self._written

    def walk(self, roots: Iterable[tuple[str, Sequence[str]]]) -> Iterator[int]:
        """Look at root folders with those they were made from; says how much was met so far."""
        if not self._filter.kinds & {ObjectType.TREE, ObjectType.BLOB}:
            return
        jobs: list[Job] = []
        for oid, known in roots:
            jobs.append(Job(0, bytes.fromhex(oid), tuple(map(bytes.fromhex, known)), 0))
            if len(jobs) == _COMMITS_TOGETHER:
                self._descend(jobs)
                jobs = []
                yield len(self._written) + len(self.blobs)
        self._descend(jobs)

    def add_asked(self, trees: Iterable[str], blobs: Iterable[str]) -> None:
        """Objects that were asked for by their ids: they come whatever the filter says."""
        for oid in map(bytes.fromhex, dict.fromkeys(blobs)):
            if oid not in self._seen:
                self._seen[oid] = 0
                self.asked_blobs.append(oid)
        depth = -1 if self._filter.max_depth == 0 else 0
        for oid in map(bytes.fromhex, trees):
            self._descend([Job(0, oid, (), depth)])

    def _descend(self, jobs: list[Job]) -> None:
        """Level by level, so that many folders are read at once."""
        while jobs := [job for job in jobs if self._is_new(job)]:
            below: list[Job] = []
            for portion in self._portions(jobs):
                for job in portion:
                    if self._is_new(job):
                        below += self._look_at(job)
            jobs = below

    def _is_new(self, job: Job) -> bool:
        if job.oid in job.known:
            return False
        if self._filter.max_depth is not None:
            # The same folder higher up may show more of what is in it.
            return job.depth < min(self._filter.max_depth, self._seen.get(job.oid, 1 << 30))
        return job.oid not in self._seen and job.oid not in self._held

    def _portions(self, jobs: list[Job]) -> Iterator[list[Job]]:
        """The jobs in turns, with the folders of each turn at hand."""
        wanted = dict.fromkeys(oid for job in jobs for oid in (job.oid, *job.known))
        rows = self._rows.read([oid.hex() for oid in wanted if oid not in self._cache])
        portion: list[Job] = []
        portion_bytes = 0
        for job in jobs:
            for oid in (job.oid, *job.known):
                while oid not in self._cache and oid not in self._fresh:
                    row = next(rows, None)
                    if row is None:  # read in an earlier turn: ``_content`` reads it again
                        break
                    self._fresh[bytes.fromhex(row.oid)] = row.content or b""
                    portion_bytes += row.size_bytes
            portion.append(job)
            if portion_bytes > _PORTION_BYTES:
                yield portion
                portion, portion_bytes, self._fresh = [], 0, {}
        yield portion
        self._fresh = {}

    def _look_at(self, job: Job) -> list[Job]:
        is_first = job.oid not in self._seen
        self._seen[job.oid] = min(job.depth, self._seen.get(job.oid, job.depth))
        self._ends = None
        tree, changed, before = self._compare(job)
        if is_first and ObjectType.TREE in self._filter.kinds:
            self._write(job, tree.content)
        below = []
        depth = job.depth + 1
        if self._filter.max_depth is not None and depth >= self._filter.max_depth:
            return []
        for mode, name, oid in changed:
            if mode == _FOLDER:
                here = (tree.get(name) for tree in before)
                known = tuple(entry[1] for entry in here if entry and entry[0] == _FOLDER)
                if oid not in known:
                    below.append(Job(self._place(job.place, name), oid, known, depth))
            elif oid not in self._seen and mode != _SUBMODULE:
                if any(name in tree and tree[name][1] == oid for tree in before):
                    continue
                self._seen[oid] = depth
                if oid not in self._held:
                    self._list(job.place, name, oid)
        return below

    def _list(self, place: int, name: bytes, oid: bytes) -> None:
        if ObjectType.BLOB in self._filter.kinds and self._filter.max_blob_bytes != 0:
            self.blobs.append((self._place(place, name), oid))

    def _compare(self, job: Job) -> tuple[_Tree, list[Entry], list[Names]]:
        """The folder, its entries that may be new, and what known folders have in their place."""
        if len(job.known) != 1:
            tree = self._tree(job.oid)
            before = [_by_name(self._tree(oid).content) for oid in job.known]
            return tree, _ENTRY.findall(tree.content), before
        [known_oid] = job.known
        known, content = self._tree(known_oid), self._content(job.oid)
        ends = common_ends(known.content, content)
        self._ends = (known_oid, ends)
        tree, there, here = _spliced(known, content, ends)
        self._keep(job.oid, tree)
        changed = _ENTRY.findall(tree.content, *here)
        return tree, changed, [_by_name(known.content, *there)]

    def _write(self, job: Job, content: bytes) -> None:
        base = None
        last = self._last.get(job.place)
        if last is not None:
            oid, offset, chain = last
            if cached := self._cache.get(oid):
                base = Placed(oid, cached.content, offset, chain)
        ends = self._ends[1] if self._ends and last and self._ends[0] == last[0] else None
        entry, placed = self._entries.version(ObjectType.TREE, job.oid, content, base, ends)
        self._target.write(entry)
        self._last[job.place] = (job.oid, placed.offset, placed.chain)
        self._written.add(job.oid)

    def _place(self, parent: int, name: bytes) -> int:
        return self._places.setdefault((parent, name), len(self._places) + 1)

    def _tree(self, oid: bytes) -> _Tree:
        found = self._cache.get(oid)
        if found is None:
            content = self._content(oid)
            found = _Tree(content, _starts(content))
            self._keep(oid, found)
        else:
            self._cache.move_to_end(oid)
        return found

    def _content(self, oid: bytes) -> bytes:
        if oid in self._cache:
            return self._cache[oid].content
        if oid not in self._fresh:  # the cache let go of it meanwhile
            self._fresh[oid] = next(self._rows.read([oid.hex()])).content or b""
        return self._fresh[oid]

    def _keep(self, oid: bytes, tree: _Tree) -> None:
        if oid not in self._cache:
            self._cached_bytes += len(tree.content)
        self._cache[oid] = tree
        self._cache.move_to_end(oid)
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1].content)


def _spliced(
    known: _Tree, content: bytes, ends: Ends
) -> tuple[_Tree, tuple[int, int], tuple[int, int]]:
    """A folder read by means of one that is like it, and where the two differ: there and here.

    Gives the tree of ``content``, then the span of entries that differ in ``known``, then in it.
    """
    start, end = ends
    if start == len(known.content) == len(content):
        return _Tree(content, known.starts), (0, 0), (0, 0)
    starts, shift = known.starts, len(content) - len(known.content)
    first = max(bisect_right(starts, start) - 1, 0)
    last = bisect_left(starts, len(known.content) - end)
    begin = starts[first] if starts else 0
    stop = starts[last] if last < len(starts) else len(known.content)
    middle = _try_starts(content[begin : stop + shift], begin)
    if middle is None:  # what is the end of a name here may be an entry there
        return _Tree(content, _starts(content)), (0, len(known.content)), (0, len(content))
    if not shift and len(middle) == last - first and middle == starts[first:last]:
        return _Tree(content, starts), (begin, stop), (begin, stop)
    moved = array("I", (at + shift for at in starts[last:]))
    return _Tree(content, starts[:first] + middle + moved), (begin, stop), (begin, stop + shift)


def _starts(content: bytes) -> array[int]:
    found = _try_starts(content)
    if found is None:
        raise StorageFailed("a stored folder cannot be read", hint="restore from a backup")
    return found


def _try_starts(content: bytes, offset: int = 0) -> array[int] | None:
    found = array("I")
    at = offset
    for mode, name, _ in _ENTRY.findall(content):
        found.append(at)
        at += len(mode) + len(name) + 22
    return found if at == offset + len(content) else None


def _by_name(content: bytes, start: int = 0, end: int | None = None) -> Names:
    span = content if end is None else content[start:end]
    return {name: (mode, oid) for mode, name, oid in _ENTRY.findall(span)}
