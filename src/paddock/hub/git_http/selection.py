"""Which objects a fetch sends: what leads to the wants and not to what the client has.

Knows how wants of every type, boundaries and annotated tags become commits to walk; the folders
and files among them are ``tree_walk``'s. An object that the repository does not hold is refused
with git's own words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from paddock.errors import NotFound
from paddock.hub.git.objects import ObjectType
from paddock.hub.git.refs import Ref
from paddock.hub.git_http.boundaries import Boundary
from paddock.hub.git_http.graph import CommitGraph, Cuts, Node
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.object_rules import parse_tag
from paddock.hub.git_http.pack_cache import KeptPack

_MAX_TAG_CHAIN = 64
_MOST_OTHERS = 50  # old tips that are looked for among the ancestors of new ones
_MOST_NEWER = 10  # a kept pack serves while this many times fewer commits came since


class NotOurs(NotFound):
    """A client wants an object that this repository does not hold."""

    code = "git_object_missing"


@dataclass(slots=True)
class Wanted:
    """The wants of a request, sorted by what they are; annotated tags also give what they name."""

    commits: list[Node] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)


class Selection(NamedTuple):
    """What to send: commits from high to low, tags, and the folders to compare for the rest."""

    commits: list[Node]
    tags: list[str]
    roots: list[tuple[str, tuple[str, ...]]]
    kept: KeptPack | None = None  # what of it is at hand as it was sent before
    is_whole: bool = False  # all that the wants lead to, and nothing kept: worth keeping


def resolve_wants(graph: CommitGraph, rows: ObjectRows, oids: Iterable[str]) -> Wanted:
    """What the ids are; raises NotOurs."""
    wanted = Wanted()
    level = list(dict.fromkeys(oids))
    graph.load(level)
    for _ in range(_MAX_TAG_CHAIN):
        if not level:
            break
        facts = rows.facts(level)
        tags = []
        for oid in level:
            if oid not in facts:
                raise NotOurs(f"upload-pack: not our ref {oid}")
            _sort_in(wanted, graph, oid, facts[oid].type)
            if facts[oid].type == ObjectType.TAG:
                tags.append(oid)
        level = [parse_tag(row.content or b"").target for row in rows.read(tags)]
    return wanted


def select(
    graph: CommitGraph, wanted: Wanted, haves: Sequence[Node], boundary: Boundary, clients: set[str]
) -> Selection:
    """Everything that follows from the wants; ``clients`` are the ends of the client's history."""
    held_ends = graph.present(sorted(clients)) if boundary.uncovered else []
    cuts = Cuts(boundary.cut, clients)
    tips = [*wanted.commits, *boundary.uncovered]
    found, held = graph.between(tips, [*haves, *held_ends], cuts)
    fallback = max(haves, key=lambda node: node.height, default=None)
    known = {node.oid for node in found} | held
    # Parents first: what a folder is compared with must have been looked at before it.
    roots = [(node.tree_oid, _neighbours(graph, node, known, fallback)) for node in reversed(found)]
    return Selection(found, list(dict.fromkeys(wanted.tags)), roots)


def select_whole(
    graph: CommitGraph, wanted: Wanted, tags: Sequence[str], packs: Iterable[KeptPack]
) -> Selection:
    """The same for a client that has nothing and wants everything, by packs that were kept."""
    wanted.tags = list(dict.fromkeys([*wanted.tags, *tags]))
    for kept in packs:
        if not is_part(graph, wanted, kept):
            continue
        newer = select(graph, wanted, graph.present(sorted(kept.tips)), Boundary(), set())
        if len(newer.commits) * _MOST_NEWER <= kept.object_count:
            more = [oid for oid in newer.tags if oid not in kept.tags]
            return newer._replace(tags=more, kept=kept)
    return select(graph, wanted, [], Boundary(), set())._replace(is_whole=True)


def is_part(graph: CommitGraph, wanted: Wanted, kept: KeptPack) -> bool:
    """Whether everything in the kept pack is wanted."""
    others = sorted(kept.tips - {node.oid for node in wanted.commits})
    if len(others) > _MOST_OTHERS or not kept.tags <= set(wanted.tags):
        return False
    return all(graph.leads_to(wanted.commits, oid) for oid in others)


def tags_along(refs: Iterable[Ref], sent: Collection[str], wanted: Wanted) -> Iterator[str]:
    """Annotated tags of commits that are sent: a client that follows tags would ask for them."""
    for ref in refs:
        if ref.oid != ref.commit_oid and ref.commit_oid in sent and ref.oid not in wanted.tags:
            yield ref.oid


def _neighbours(
    graph: CommitGraph, node: Node, known: set[str], fallback: Node | None
) -> tuple[str, ...]:
    """Root folders that the client will have anyway: the commit is compared with them."""
    parents = graph.present(node.parents)
    near = [p.tree_oid for p in parents if p.oid in known]
    if not near and fallback is not None:
        near = [fallback.tree_oid]
    return tuple(dict.fromkeys(near))


def _sort_in(wanted: Wanted, graph: CommitGraph, oid: str, type_: int) -> None:
    match type_:
        case ObjectType.COMMIT:
            node = graph.find(oid)
            if node is None:
                raise NotOurs(f"upload-pack: not our ref {oid}")
            wanted.commits.append(node)
        case ObjectType.TAG:
            wanted.tags.append(oid)
        case ObjectType.TREE:
            wanted.trees.append(oid)
        case ObjectType.BLOB:
            wanted.blobs.append(oid)
