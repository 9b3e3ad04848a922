"""Which files the refs of a repository lead to, in every revision: what there is to scan.

Knows trees and commits as rows. A commit is compared with its parents, so the cost follows what
changed; the first time, the tips come before their history, as they are what people download. Gives
each content once for each name that it has.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.git import refs
from paddock.hub.git.files import read_trees, tree_oid_of
from paddock.hub.git.objects import GitObject, blob_facts, read_objects
from paddock.hub.git.trees import SUBMODULE_MODE, TreeEntry
from paddock.hub.git_http.graph import CommitGraph, Node
from paddock.hub.types import FileEntry, LargeFile, Repository
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks

MAX_DONE = 10_000  # tips that are remembered; with more, a repository is looked at from its start
LINK_MODE = 0o120000
_MOST_LINKS = 10_000  # that lead out and are told
_LINKS_TOGETHER = 200
_LONGEST_TARGET_BYTES = 4096  # PATH_MAX of Linux: no system makes a link of more
_COMMITS_TOGETHER = 50
_FEW_COMMITS = 200  # new ones, which need no look at the tips before them


class Part(NamedTuple):
    """Some files, and what is done when they are: the commits whose files are known then."""

    files: list[FileEntry]
    done: list[str]


class _Named(NamedTuple):
    path: str
    oid: str


def tip_commits(conn: sa.Connection, repo: Repository) -> list[str]:
    """Where the refs are, main first."""
    found = refs.list_refs(conn, repo)
    ordered = sorted(found, key=lambda ref: ref.name != refs.MAIN)
    return list(dict.fromkeys(ref.commit_oid for ref in ordered))


def links_out(conn: sa.Connection, repo: Repository, commit_oid: str) -> list[tuple[str, str]]:
    """Symbolic links of a revision that lead out of it, each with where it leads.

    Over HTTP a link is its text; git makes a real one of it. One that is too long to be a link is
    told without its text.
    """
    found: list[_Named] = []
    level = [_Named("", tree_oid_of(conn, repo, commit_oid))]
    while level:
        trees = read_trees(conn, repo.id, [folder.oid for folder in level])
        below = []
        for folder in level:
            for entry in trees.get(folder.oid, []):
                path = f"{folder.path}/{entry.name}" if folder.path else entry.name
                if entry.is_folder:
                    below.append(_Named(path, entry.oid))
                elif entry.mode == LINK_MODE:
                    found.append(_Named(path, entry.oid))
        level = below
    told: list[tuple[str, str]] = []
    for some in in_chunks(found, _LINKS_TOGETHER):
        told += _leading_out(conn, repo.id, some)
        if len(told) >= _MOST_LINKS:
            break
    return told[:_MOST_LINKS]


def _leading_out(
    conn: sa.Connection, repo_id: int, links: Sequence[_Named]
) -> Iterator[tuple[str, str]]:
    facts = blob_facts(conn, repo_id, [link.oid for link in links])
    short = [oid for oid, fact in facts.items() if fact.size_bytes <= _LONGEST_TARGET_BYTES]
    targets = read_objects(conn, repo_id, short)
    for path, oid in links:
        if oid in facts and oid not in targets:
            yield path, f"a text of {facts[oid].size_bytes} bytes"
        elif _leads_out(path, target := _text(targets.get(oid))):
            yield path, target


def _text(item: GitObject | None) -> str:
    return (item.content or b"").decode(errors="replace") if item is not None else ""


def _leads_out(path: str, target: str) -> bool:
    led = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return led == ".." or led.startswith(("/", "../")) or "\\" in target


def new_files(
    database: Database, repo: Repository, tips: Sequence[str], done: Sequence[str]
) -> Iterator[Part]:
    """Every file that the tips lead to and the commits that are done do not."""
    graph = CommitGraph(database, repo.id)
    wanted, known = graph.present(tips), graph.present(done)
    nodes, _ = graph.between(wanted, known)
    walk = _Walk(database, repo, graph)
    if len(nodes) > _FEW_COMMITS:
        for node in wanted:
            yield Part(walk.files([_Named("", node.tree_oid)], ()), [])
        walk.forget()
    heads = {node.oid for node in known}
    oldest_first = nodes[::-1]
    for start in range(0, len(oldest_first), _COMMITS_TOGETHER):
        some = oldest_first[start : start + _COMMITS_TOGETHER]
        found = [file for node in some for file in walk.files_of(node)]
        for node in some:
            heads -= set(node.parents)
            heads.add(node.oid)
        yield Part(_distinct(found), sorted(heads) if len(heads) <= MAX_DONE else [])


class _Walk:
    """Looks at each folder once, and tells each file once for each of its names."""

    def __init__(self, database: Database, repo: Repository, graph: CommitGraph) -> None:
        self._database, self._repo, self._graph = database, repo, graph
        self._seen: set[str] = set()

    def forget(self) -> None:
        """Begin again: what was seen is told again."""
        self._seen.clear()

    def files_of(self, node: Node) -> list[FileEntry]:
        """Files of a commit that none of its parents has under the same path."""
        parents = [parent.tree_oid for parent in self._graph.parents(node)]
        if node.tree_oid in parents:
            return []
        return self.files([_Named("", node.tree_oid)], parents)

    def files(self, folders: list[_Named], before: Collection[str]) -> list[FileEntry]:
        """Files of folders, except what the folders ``before`` hold at the same place."""
        blobs: list[_Named] = []
        level = [(folder, tuple(before)) for folder in folders]
        with self._database.read() as conn:
            while level:
                level = [item for item in level if item[0].oid not in self._seen]
                self._seen.update(folder.oid for folder, _ in level)
                oids = {oid for folder, known in level for oid in (folder.oid, *known)}
                trees = read_trees(conn, self._repo.id, sorted(oids))
                below: list[tuple[_Named, tuple[str, ...]]] = []
                for folder, known in level:
                    others = [_by_name(trees.get(oid, [])) for oid in known]
                    for entry in trees.get(folder.oid, []):
                        self._sort_in(folder, entry, others, blobs, below)
                level = below
            return _entries(conn, self._repo.id, blobs)

    def _sort_in(
        self,
        folder: _Named,
        entry: TreeEntry,
        others: list[dict[str, TreeEntry]],
        blobs: list[_Named],
        below: list[tuple[_Named, tuple[str, ...]]],
    ) -> None:
        there = [found for other in others if (found := other.get(entry.name)) is not None]
        if entry.mode == SUBMODULE_MODE or any(found.oid == entry.oid for found in there):
            return
        item = _Named(f"{folder.path}/{entry.name}" if folder.path else entry.name, entry.oid)
        if entry.is_folder:
            below.append((item, tuple(found.oid for found in there if found.is_folder)))
        else:
            blobs.append(item)


def _by_name(tree: Iterable[TreeEntry]) -> dict[str, TreeEntry]:
    return {entry.name: entry for entry in tree}


def _entries(conn: sa.Connection, repo_id: int, blobs: list[_Named]) -> list[FileEntry]:
    facts = blob_facts(conn, repo_id, [item.oid for item in blobs])
    found = []
    for path, oid in blobs:
        if (fact := facts.get(oid)) is None:
            continue
        pointer = fact.pointer
        if pointer is None:
            found.append(FileEntry(path, oid, fact.size_bytes, None))
        else:
            large = LargeFile(pointer.sha256, pointer.size_bytes, fact.size_bytes, None)
            found.append(FileEntry(path, oid, pointer.size_bytes, large))
    return found


def _distinct(found: Iterable[FileEntry]) -> list[FileEntry]:
    return list({(entry.path, entry.oid): entry for entry in found}.values())
