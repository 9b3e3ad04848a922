"""A repository's commits as a graph, read from rows as far as somebody walks.

Knows ids, parents and heights; does not know what a commit holds. Commits never change, so each
question may be asked in a transaction of its own. A commit is always higher than its parents: a
walk from high to low meets every commit after all its descendants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from heapq import heappop, heappush
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.tables import commits
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks

# A short walk asks for the commits that it meets. A long one is cheaper with all of them at once.
_MOST_QUESTIONS = 24

_COLUMNS = (commits.c.oid, commits.c.tree_oid, commits.c.parents, commits.c.height)
_OF_REPOSITORY = commits.c.repo_id == sa.bindparam("repo_id")
_ALL = sa.select(*_COLUMNS).where(_OF_REPOSITORY)
_SOME = _ALL.where(commits.c.oid.in_(sa.bindparam("oids", expanding=True)))

_WANTED, _HELD = 1, 2
NOTHING: frozenset[str] = frozenset()


class Node(NamedTuple):
    """A commit as walks see it."""

    oid: str
    tree_oid: str
    parents: tuple[str, ...]
    height: int


class CommitGraph:
    """The commits of one repository."""

    def __init__(self, database: Database, repo_id: int) -> None:
        self._database, self._repo_id = database, repo_id
        self._nodes: dict[str, Node] = {}
        self._questions, self._is_whole = 0, False

    def load(self, oids: Iterable[str]) -> None:
        """Read those of the commits that were not read yet."""
        unknown = sorted({oid for oid in oids if oid not in self._nodes})
        if not unknown or self._is_whole:
            return
        self._questions += 1
        if self._questions > _MOST_QUESTIONS:
            self._is_whole = True
            self._read(_ALL, {})
            return
        for some in in_chunks(unknown):
            self._read(_SOME, {"oids": some})

    def find(self, oid: str) -> Node | None:
        """A commit, or None when the repository has no such commit."""
        if oid not in self._nodes:
            self.load([oid])
        return self._nodes.get(oid)

    def present(self, oids: Collection[str]) -> list[Node]:
        """Those of the commits that the repository has."""
        self.load(oids)
        return [self._nodes[oid] for oid in oids if oid in self._nodes]

    def parents(self, node: Node, cut: Collection[str] = NOTHING) -> list[Node]:
        """A commit's parents; none where the history is cut."""
        return [] if node.oid in cut else self.present(node.parents)

    def between(
        self, wants: Iterable[Node], haves: Iterable[Node], cuts: Cuts | None = None
    ) -> tuple[list[Node], set[str]]:
        """What leads to the wants and not to the haves, highest first; and the held edge of it."""
        walk = _Walk(self, cuts or Cuts())
        walk.push(wants, _WANTED)
        walk.push(haves, _HELD)
        found = [node for node, is_held in walk.run() if not is_held]
        return found, walk.held()

    def reached(self, tips: Iterable[Node]) -> set[str]:
        """The tips and all their ancestors."""
        found, _ = self.between(tips, ())
        return {node.oid for node in found}

    def leads_to(self, tips: Iterable[Node], oid: str) -> bool:
        """Whether a commit is one of the tips or an ancestor of one."""
        target = self.find(oid)
        if target is None:
            return False
        level = {node.oid: node for node in tips}
        seen = set(level)
        while level:
            if oid in level:
                return True
            higher = [node for node in level.values() if node.height > target.height]
            self.load(parent for node in higher for parent in node.parents)
            above = {p.oid: p for node in higher for p in self.parents(node) if p.oid not in seen}
            seen |= above.keys()
            level = above
        return False

    def all_lead_to(self, tips: Iterable[Node], goals: Collection[str]) -> bool:
        """Whether every tip has one of the goals among its ancestors, or is one."""
        lowest = min((node.height for node in self.present(goals)), default=0)
        tips = list(tips)
        met = {node.oid: node for node in tips}
        level = tips
        while level:
            higher = [n for n in level if n.oid not in goals and n.height > lowest]
            self.load(parent for node in higher for parent in node.parents)
            level = []
            for parent in (p for node in higher for p in self.parents(node)):
                if parent.oid not in met:
                    met[parent.oid] = parent
                    level.append(parent)
        leading = set(goals)
        for node in sorted(met.values(), key=lambda node: node.height):
            if not leading.isdisjoint(node.parents):
                leading.add(node.oid)
        return all(node.oid in leading for node in tips)

    def _read(self, query: sa.Select[Any], key: dict[str, object]) -> None:
        with self._database.read() as conn:
            for row in conn.execute(query, {"repo_id": self._repo_id, **key}):
                oid, tree_oid, parents, height = tuple(row)
                self._nodes[oid] = Node(oid, tree_oid, tuple(parents.split()), height)


class Cuts(NamedTuple):
    """Commits whose parents do not count: for what is sent, and for what the client holds."""

    wanted: Collection[str] = NOTHING
    held: Collection[str] = NOTHING


class _Walk:
    """From high to low, telling what the client holds from what it does not."""

    def __init__(self, graph: CommitGraph, cuts: Cuts) -> None:
        self._graph, self._cuts = graph, cuts
        self._flags: dict[str, int] = {}
        self._heap: list[tuple[int, str, Node]] = []
        self._undecided = 0  # commits in the heap that the client may not hold

    def push(self, nodes: Iterable[Node], flag: int) -> None:
        for node in nodes:
            before = self._flags.get(node.oid, 0)
            after = self._flags[node.oid] = before | flag
            self._undecided += (after == _WANTED) - (before == _WANTED)
            if not before:
                heappush(self._heap, (-node.height, node.oid, node))

    def held(self) -> set[str]:
        """What the client turned out to hold, as far as anybody walked."""
        return {oid for oid, flags in self._flags.items() if flags & _HELD}

    def run(self) -> Iterator[tuple[Node, bool]]:
        """Every commit met, and whether the client holds it; ends when nothing more is wanted."""
        while self._undecided:
            _, oid, node = heappop(self._heap)
            flags = self._flags[oid]
            is_held = bool(flags & _HELD)
            self._undecided -= not is_held
            yield node, is_held
            # What the client holds may be cut elsewhere than what we send.
            if is_held:
                self.push(self._graph.parents(node, self._cuts.held), _HELD)
            else:
                self.push(self._graph.parents(node, self._cuts.wanted), _WANTED)
