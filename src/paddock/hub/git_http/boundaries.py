"""Shallow clones: where a client's history ends, and where it shall end from now on.

Knows the four ways to say how deep a history shall go (gitprotocol-pack, "shallow"); does not know
the wire. A commit at a boundary is sent whole, and its parents are taken for absent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from paddock.hub.git_http.graph import CommitGraph, Node

INFINITE_DEPTH = 0x7FFFFFFF  # how git says "all of it"


class Deepening(NamedTuple):
    """How deep the history shall go; nothing set: as it is."""

    depth: int | None = None
    is_relative: bool = False  # counted from where the client's history ends now
    since: int | None = None  # seconds since 1970
    excluding: tuple[str, ...] = ()  # names of refs

    def __bool__(self) -> bool:
        return bool(self.depth or self.since is not None or self.excluding)


class Since(NamedTuple):
    """How old a commit may be, in seconds since 1970; without dates any age will do."""

    dates: Mapping[str, int] | None
    seconds: int

    def includes(self, node: Node) -> bool:
        return self.dates is None or self.dates.get(node.oid, 0) >= self.seconds


class Boundary(NamedTuple):
    """What to tell the client, and what follows for the objects that are sent."""

    shallow: tuple[str, ...] = ()  # histories that end here from now on
    unshallow: tuple[str, ...] = ()  # those that no longer end here
    cut: frozenset[str] = frozenset()  # where histories end after the fetch
    uncovered: tuple[Node, ...] = ()  # commits that are wanted because they are no longer cut off


def draw(
    graph: CommitGraph,
    wants: Iterable[Node],
    clients: Collection[str],
    depth: int,
    *,
    relative: bool,
) -> Boundary:
    """The boundary at a number of commits from the wants, or from the client's boundary."""
    held = frozenset(clients)
    if depth >= INFINITE_DEPTH:
        return _told(graph, held, frozenset(), {node.oid for node in graph.present(sorted(held))})
    heads = list(wants)
    if relative:
        heads = [node for node in graph.present(sorted(held)) if graph.leads_to(heads, node.oid)]
        depth += 1
    inside: set[str] = set()
    level = {node.oid: node for node in heads}
    for _ in range(depth - 1):
        inside |= level.keys()
        graph.load(parent for node in level.values() for parent in node.parents)
        above = (parent for node in level.values() for parent in graph.parents(node))
        level = {node.oid: node for node in above if node.oid not in inside}
        if not level:
            break
    return _told(graph, held, frozenset(level), inside)


def draw_by_list(
    graph: CommitGraph,
    wants: Iterable[Node],
    clients: Collection[str],
    excluded: Iterable[Node],
    since: Since,
) -> Boundary | None:
    """The boundary around the wants' history without the excluded one and what is older.

    None when nothing of it is left.
    """
    hidden = {node.oid for node in _closure(graph, excluded)}

    def is_inside(node: Node) -> bool:
        return node.oid not in hidden and since.includes(node)

    inside: dict[str, Node] = {}
    level = [node for node in wants if is_inside(node)]
    while level:
        inside.update((node.oid, node) for node in level)
        graph.load(parent for node in level for parent in node.parents)
        above = {p.oid: p for node in level for p in graph.parents(node) if p.oid not in inside}
        level = [node for node in above.values() if is_inside(node)]
    if not inside:
        return None
    ends = {node.oid for node in inside.values() if not inside.keys() >= set(node.parents)}
    return _told(graph, frozenset(clients), frozenset(ends), inside.keys() - ends)


def _told(
    graph: CommitGraph, held: frozenset[str], ends: frozenset[str], inside: Collection[str]
) -> Boundary:
    opened = sorted(held & set(inside))
    uncovered = {p.oid: p for node in graph.present(opened) for p in graph.parents(node)}
    return Boundary(
        shallow=tuple(sorted(ends - held)),
        unshallow=tuple(opened),
        cut=(held - set(opened)) | ends,
        uncovered=tuple(uncovered.values()),
    )


def _closure(graph: CommitGraph, tips: Iterable[Node]) -> Iterable[Node]:
    met = {node.oid: node for node in tips}
    level = list(met.values())
    while level:
        graph.load(parent for node in level for parent in node.parents)
        above = {p.oid: p for node in level for p in graph.parents(node) if p.oid not in met}
        met |= above
        level = list(above.values())
    return met.values()
