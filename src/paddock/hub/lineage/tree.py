"""The tree of a model: where it came from, and what stands on it, so deep and so wide.

Knows the order of the steps. A model that is reached twice is shown at both places and followed
once, so cards that name each other in a circle come to an end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from paddock.hub.lineage.links import Named, children_of, parents_of
from paddock.hub.lineage.looking import look_up
from paddock.hub.lineage.nodes import Known, Link, Node
from paddock.hub.types import Caller, Repository

MAX_WIDE = 60  # branches of one model
MAX_LEVEL = 150  # models of one level
UP, DOWN = 8, 2  # levels

Step = Callable[[Sequence[Node]], dict[str, list[tuple[str, Link]]]]


def origins(conn: sa.Connection, caller: Caller, repo: Repository, depth: int = UP) -> Node:
    """The model, its parents, theirs, and so on."""

    def up(nodes: Sequence[Node]) -> dict[str, list[tuple[str, Link]]]:
        here = [Named(node.known.id, node.known.name) for node in nodes if node.known is not None]
        found = defaultdict(list)
        for link in parents_of(conn, here) if here else ():
            found[link.child.lower()].append((link.parent, link))
        return found

    return _grow(conn, caller, repo, up, depth)


def standing_on(conn: sa.Connection, caller: Caller, repo: Repository, depth: int = DOWN) -> Node:
    """The model, what came from it, what came from that."""

    def down(nodes: Sequence[Node]) -> dict[str, list[tuple[str, Link]]]:
        found = defaultdict(list)
        for link in children_of(conn, caller, [node.name for node in nodes]):
            found[link.parent.lower()].append((link.child, link))
        return found

    return _grow(conn, caller, repo, down, depth)


def _grow(conn: sa.Connection, caller: Caller, repo: Repository, step: Step, depth: int) -> Node:
    root = Node(repo.full_name, known=look_up(conn, caller, [repo.full_name]).get(
        repo.full_name.lower()))  # fmt: skip
    seen = {root.name.lower()}
    level = [root]
    for _ in range(depth):
        if not level:
            break
        found = _cut(level, step(level))
        known = look_up(conn, caller, {name for names in found.values() for name, _ in names})
        level = _next_level(level, found, known, seen)
    return root


def _cut(
    level: Sequence[Node], found: dict[str, list[tuple[str, Link]]]
) -> dict[str, list[tuple[str, Link]]]:
    """The branches that are shown, most downloaded first; the others are counted on their node."""
    kept: dict[str, list[tuple[str, Link]]] = {}
    room = MAX_LEVEL
    for node in level:
        branches = found.get(node.name.lower(), [])
        branches.sort(key=lambda each: (-each[1].downloads, each[0].lower()))
        count = min(len(branches), MAX_WIDE, room)
        kept[node.name.lower()], node.more = branches[:count], len(branches) - count
        room -= count
    return kept


def _next_level(
    level: Sequence[Node],
    found: dict[str, list[tuple[str, Link]]],
    known: dict[str, Known],
    seen: set[str],
) -> list[Node]:
    """Hang what was found on the level's nodes; gives those that are to be followed."""
    follow: list[Node] = []
    for node in level:
        node.is_open = True
        node.branches = [_node(name, link, known) for name, link in found[node.name.lower()]]
        for branch in node.branches:
            branch.is_repeated = branch.name.lower() in seen
            if not branch.is_repeated:
                seen.add(branch.name.lower())
                follow.append(branch)
    return follow


def _node(name: str, link: Link, known: dict[str, Known]) -> Node:
    here = known.get(name.lower())
    return Node(
        here.name if here else name, link.relation, link.is_declared, link.is_signed, here
    )  # fmt: skip
