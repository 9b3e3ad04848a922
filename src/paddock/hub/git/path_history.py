"""The history of one path: what it was at each commit, and which commits changed it.

Knows commits and trees; changes nothing. A commit at which the path is as it was at one of its
parents did nothing to it, and only that parent is followed, as ``git log`` does. The walk is
bounded; where it ends before the history does, it says so.
"""

from __future__ import annotations

import heapq
from itertools import islice
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.git.history import MAX_WALK, MAX_WALK_ENTRIES, Bone, look_at, skeleton
from paddock.hub.types import Repository

_COMMITS_PER_LOOK = 50


class Line(NamedTuple):
    """Commits that lead to a tip, each before its parents, and the place of each."""

    bones: list[Bone]
    places: dict[str, int]


def read_line(conn: sa.Connection, repo: Repository, tip_oid: str) -> Line:
    """The newest of them, as many as are walked."""
    bones = list(islice(skeleton(conn, repo, tip_oid), MAX_WALK))
    return Line(bones, {bone.oid: place for place, bone in enumerate(bones)})


class PathHistory:
    """A path as it was at a commit and at those that lead to it."""

    def __init__(self, conn: sa.Connection, repo: Repository, line: Line, path: str) -> None:
        self._conn, self._repo, self._path = conn, repo, path
        self._bones, self._places = line
        self._oids: dict[str, str | None] = {}  # of what is at the path, by the commit's id
        self._entries_left = MAX_WALK_ENTRIES
        self.is_complete = True

    def place(self, commit_oid: str) -> int:
        """Commits before their parents, counted from the tip."""
        return self._places[commit_oid]

    def tree_of(self, commit_oid: str) -> str:
        """The root folder of a commit."""
        return self._bones[self._places[commit_oid]].tree_oid

    def oid_at(self, commit_oid: str) -> str | None:
        """The object at the path, None where there is none."""
        if commit_oid not in self._oids:
            self._look_from(self._places[commit_oid])
        return self._oids[commit_oid]

    def parents_of(self, commit_oid: str) -> list[str]:
        """Those parents that the walk may go on to."""
        named = self._bones[self._places[commit_oid]].parents
        known = [oid for oid in named if oid in self._places and self._entries_left > 0]
        self.is_complete = self.is_complete and len(known) == len(named)
        return known

    def unchanged_from(self, commit_oid: str) -> str | None:
        """The first parent at which the path is the same, if there is one."""
        here = self.oid_at(commit_oid)
        parents = self.parents_of(commit_oid)
        return next((oid for oid in parents if self.oid_at(oid) == here), None)

    def _look_from(self, place: int) -> None:
        bones = self._bones[place : place + _COMMITS_PER_LOOK]
        wanted = [bone for bone in bones if bone.oid not in self._oids]
        looked = look_at(self._conn, self._repo, {b.tree_oid for b in wanted}, {self._path})
        self._entries_left -= looked.entries_read
        for bone in wanted:
            self._oids[bone.oid] = looked.found[bone.tree_oid].get(self._path)


class Changes(NamedTuple):
    """Commits that changed a path, newest first; incomplete where older ones may be missing."""

    oids: list[str]
    is_complete: bool


def list_changes(
    conn: sa.Connection, repo: Repository, tip_oid: str, path: str, *, limit: int
) -> Changes:
    """The last commits that changed the path, at most ``limit``."""
    history = PathHistory(conn, repo, read_line(conn, repo, tip_oid), path)
    found: list[str] = []
    waiting, seen = [(history.place(tip_oid), tip_oid)], {tip_oid}
    while waiting and len(found) < limit:
        _, oid = heapq.heappop(waiting)
        same = history.unchanged_from(oid)
        parents = [same] if same is not None else history.parents_of(oid)
        # Where there is no parent, the path was changed by being there.
        if same is None and (parents or history.oid_at(oid) is not None):
            found.append(oid)
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                heapq.heappush(waiting, (history.place(parent), parent))
    return Changes(found, history.is_complete)
