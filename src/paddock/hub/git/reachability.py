"""Which objects of a repository some roots lead to: what a sweep must keep, what a copy needs.

Knows commits, tags and trees as rows; changes nothing. Costs one look at every tree that is reached
and memory for every object's id. What is named and not there is left out: git knows submodules, and
the empty tree, without having them.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub.git.objects import ObjectType, read_objects
from paddock.hub.git.trees import FOLDER_MODE, SUBMODULE_MODE, read_tree
from paddock.hub.tables import commits, git_objects
from paddock.storage.sql import in_chunks

_TREES_AT_ONCE = 200


def reachable(
    conn: sa.Connection, repo_id: int, roots: Iterable[str], known: frozenset[str] = frozenset()
) -> set[str]:
    """Ids of everything that the roots (commits or tags) lead to, themselves included.

    What is ``known`` is not followed and not in the answer.
    """
    tags, start = _peel(conn, repo_id, set(roots) - known)
    parents, trees = _commits(conn, repo_id)
    found = tags | (start & parents.keys())
    waiting = [oid for oid in start if oid in parents]
    roots_of_trees: set[str] = set()
    while waiting:
        oid = waiting.pop()
        roots_of_trees.add(trees[oid])
        new = [p for p in parents[oid] if p in parents and p not in found and p not in known]
        found.update(new)
        waiting += new
    return found | _objects(conn, repo_id, roots_of_trees - known, known)


def _peel(conn: sa.Connection, repo_id: int, roots: set[str]) -> tuple[set[str], set[str]]:
    """The tags among the roots, and those that they name; and what is behind them."""
    tags: set[str] = set()
    behind: set[str] = set()
    while roots:
        is_tag = (git_objects.c.repo_id == repo_id) & (git_objects.c.type == int(ObjectType.TAG))
        found = {}
        for some in in_chunks(sorted(roots)):
            query = sa.select(git_objects.c.oid, git_objects.c.content).where(is_tag)
            for row in conn.execute(query.where(git_objects.c.oid.in_(some))):
                found[row.oid] = bytes(row.content)
        behind |= roots - found.keys()
        tags |= found.keys()
        roots = {tag_target(content) for content in found.values()} - tags
    return tags, behind


def tag_target(content: bytes) -> str:
    """What an annotated tag names."""
    return content.partition(b"\n")[0].removeprefix(b"object ").decode("ascii", "replace")


def _commits(conn: sa.Connection, repo_id: int) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Parents and tree of every commit that the repository holds."""
    query = sa.select(commits.c.oid, commits.c.parents, commits.c.tree_oid)
    rows = conn.execute(query.where(commits.c.repo_id == repo_id)).all()
    return {row.oid: row.parents.split() for row in rows}, {row.oid: row.tree_oid for row in rows}


def _objects(conn: sa.Connection, repo_id: int, trees: set[str], known: frozenset[str]) -> set[str]:
    """The trees with everything in them."""
    found: set[str] = set()
    waiting = sorted(trees)
    found.update(waiting)
    while waiting:
        some, waiting = waiting[-_TREES_AT_ONCE:], waiting[:-_TREES_AT_ONCE]
        for item in read_objects(conn, repo_id, some).values():
            if item.type is not ObjectType.TREE:
                continue
            for entry in read_tree(item.content or b""):
                if entry.mode == SUBMODULE_MODE or entry.oid in found or entry.oid in known:
                    continue
                found.add(entry.oid)
                if entry.mode == FOLDER_MODE:
                    waiting.append(entry.oid)
    return found
