"""What two commits have in common, and which commits one has that others have not.

Knows the graph of commits as rows; changes nothing. A walk goes down by height, which is greater
than that of every parent: when a commit is met, all that lead to it were met before.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.tables import commits
from paddock.hub.types import Repository

MAX_WALK = 100_000  # commits of one walk; what is further down is not found
_HEIGHTS_PER_READ = 200

_LEFT, _RIGHT, _BOTH = 1, 2, 3


class _Node(NamedTuple):
    """A commit in the walk."""

    oid: str
    height: int
    parents: list[str]


def merge_base(conn: sa.Connection, repo: Repository, left: str, right: str) -> str | None:
    """The nearest commit that leads to both, or None."""
    walk = _Walk(conn, repo, [(left, _LEFT), (right, _RIGHT)])
    # Once all that is left leads to one side only, nothing further down leads to both.
    while walk.holds(_BOTH) or (walk.holds(_LEFT) and walk.holds(_RIGHT)):
        oid, sides = walk.next()
        if sides == _BOTH:
            return oid
    return None


def commits_between(
    conn: sa.Connection, repo: Repository, tip: str, known: Iterable[str], *, limit: int
) -> list[str]:
    """Commits that lead to the tip and to none of those that are known, newest first."""
    walk = _Walk(conn, repo, [(tip, _LEFT), *((oid, _RIGHT) for oid in known)])
    found: list[str] = []
    while walk.holds(_LEFT) and len(found) < limit:
        oid, sides = walk.next()
        if sides == _LEFT:
            found.append(oid)
    return found


class _Walk:
    """Commits from the highest down, each with the sides that it leads to."""

    def __init__(
        self, conn: sa.Connection, repo: Repository, starts: Iterable[tuple[str, int]]
    ) -> None:
        self._nodes = _Nodes(conn, repo)
        self._queue: list[tuple[int, str]] = []
        self._sides: dict[str, int] = {}
        self._waiting = {_LEFT: 0, _RIGHT: 0, _BOTH: 0}
        self._steps = 0
        for oid, side in starts:
            self._add(oid, side)

    def holds(self, sides: int) -> bool:
        """Whether a commit waits that, as far as is known, leads to exactly these sides."""
        return self._waiting[sides] > 0 and self._steps < MAX_WALK

    def next(self) -> tuple[str, int]:
        """The next commit; there must be one."""
        self._steps += 1
        _, oid = heapq.heappop(self._queue)
        sides = self._sides[oid]
        self._waiting[sides] -= 1
        node = self._nodes.get(oid)
        for parent in node.parents if node else ():
            self._add(parent, sides)
        return oid, sides

    def _add(self, oid: str, side: int) -> None:
        node = self._nodes.get(oid)
        if node is None:  # a shallow import may lack it
            return
        before = self._sides.get(oid)
        after = self._sides[oid] = (before or 0) | side
        if before is None:
            heapq.heappush(self._queue, (-node.height, oid))
        else:
            self._waiting[before] -= 1
        self._waiting[after] += 1


class _Nodes:
    """Commits by id, read in strips of neighbouring heights."""

    def __init__(self, conn: sa.Connection, repo: Repository) -> None:
        self._conn, self._repo = conn, repo
        self._read: dict[str, _Node] = {}

    def get(self, oid: str) -> _Node | None:
        if oid not in self._read:
            c = commits.c
            mine = c.repo_id == self._repo.id
            query = sa.select(c.height).where(mine, c.oid == oid)
            height = self._conn.execute(query).scalar_one_or_none()
            if height is None:
                return None
            strip = c.height.between(height - _HEIGHTS_PER_READ, height)
            rows = sa.select(c.oid, c.height, c.parents).where(mine, strip)
            for row in self._conn.execute(rows.limit(MAX_WALK)):
                self._read[row.oid] = _Node(row.oid, row.height, row.parents.split())
        return self._read.get(oid)
