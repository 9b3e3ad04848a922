"""Rewriting a repository's history so that some blobs were never in it.

Every commit that any ref leads to is looked at, parents first; those whose files or parents change
become new commits with the same author, dates and message. Signatures go, because they would be
wrong. Refs and annotated tags follow. Old commits stay until they are swept, and nothing leads to
them. The caller has locked the repository and opened the transaction.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.git import refs
from paddock.hub.git.moved import RefChange
from paddock.hub.git.objects import (
    ObjectType,
    make_object,
    read_object,
    read_objects,
    write_objects,
)
from paddock.hub.git.reachability import reachable, tag_target
from paddock.hub.git.trees import EMPTY_TREE_OID, FOLDER_MODE, TreeEntry, read_tree, render_tree
from paddock.hub.tables import commits
from paddock.hub.types import Repository
from paddock.storage.sql import insert_ignore

_SIGNATURES = (b"gpgsig", b"mergetag")
_TAG_SIGNATURES = (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN SSH SIGNATURE-----")


def remove_blobs(conn: sa.Connection, repo: Repository, doomed: set[str]) -> list[RefChange]:
    """Let no ref lead to any of these blobs; the refs that moved."""
    present = refs.list_refs(conn, repo)
    kept = reachable(conn, repo.id, {oid for ref in present for oid in (ref.oid, ref.commit_oid)})
    trees = _Trees(conn, repo.id, doomed)
    renamed = _rewrite_commits(conn, repo, trees, kept)
    changes = []
    for ref in present:
        oid = _rewrite_tag(conn, repo, ref.oid, renamed)
        commit_oid = renamed.get(ref.commit_oid, ref.commit_oid)
        if oid != ref.oid:
            refs.move_ref(conn, repo, refs.Ref(ref.name, oid, commit_oid), expected=ref.oid)
            changes.append(RefChange(ref.name, ref.oid, oid))
    return changes


class _Trees:
    """Folders without the doomed blobs; each is rewritten once."""

    def __init__(self, conn: sa.Connection, repo_id: int, doomed: set[str]) -> None:
        self._conn = conn
        self._repo_id = repo_id
        self._doomed = doomed
        self._done: dict[str, str | None] = {}

    def root(self, oid: str) -> str:
        """The root folder's new id."""
        rewritten = self._rewrite(oid)
        if rewritten is None and oid != EMPTY_TREE_OID:
            write_objects(self._conn, self._repo_id, [make_object(ObjectType.TREE, b"")])
        return rewritten or EMPTY_TREE_OID

    def _rewrite(self, oid: str) -> str | None:
        """The folder's new id; None when nothing is left in it, as git has no empty folders."""
        if oid not in self._done:
            self._done[oid] = self._compute(oid)
        return self._done[oid]

    def _compute(self, oid: str) -> str | None:
        stored = read_object(self._conn, self._repo_id, oid)
        old = read_tree(stored.content or b"") if stored else []
        new: list[TreeEntry] = []
        for entry in old:
            if entry.mode == FOLDER_MODE:
                if (inner := self._rewrite(entry.oid)) is not None:
                    new.append(entry._replace(oid=inner))
            elif entry.oid not in self._doomed:
                new.append(entry)
        if new == old:
            return oid if old else None
        if not new:
            return None
        tree = make_object(ObjectType.TREE, render_tree(new))
        write_objects(self._conn, self._repo_id, [tree])
        return tree.oid


def _rewrite_commits(
    conn: sa.Connection, repo: Repository, trees: _Trees, kept: set[str]
) -> dict[str, str]:
    """New ids of the commits that change; heights order parents before children."""
    query = sa.select(commits).where(commits.c.repo_id == repo.id).order_by(commits.c.height)
    renamed: dict[str, str] = {}
    for row in conn.execute(query).mappings().all():
        if row["oid"] not in kept:
            continue
        tree_oid = trees.root(row["tree_oid"])
        parents = row["parents"].split()
        new_parents = [renamed.get(oid, oid) for oid in parents]
        if (tree_oid, new_parents) == (row["tree_oid"], parents):
            continue
        stored = read_objects(conn, repo.id, [row["oid"]])[row["oid"]]
        content = rewrite_commit(stored.content or b"", tree_oid, new_parents)
        commit = make_object(ObjectType.COMMIT, content)
        write_objects(conn, repo.id, [commit])
        new = {"oid": commit.oid, "tree_oid": tree_oid, "parents": " ".join(new_parents)}
        insert_ignore(conn, commits, [{**row, **new}])
        renamed[row["oid"]] = commit.oid
    return renamed


def rewrite_commit(content: bytes, tree_oid: str, parents: list[str]) -> bytes:
    """The same commit over another tree and other parents, without signatures."""
    head, _, message = content.partition(b"\n\n")
    lines = [b"tree " + tree_oid.encode(), *(b"parent " + oid.encode() for oid in parents)]
    keeping = False
    for line in head.split(b"\n"):
        if not line.startswith(b" "):  # such a line continues the one before
            name = line.partition(b" ")[0]
            keeping = name not in (b"tree", b"parent") and not name.startswith(_SIGNATURES)
        if keeping:
            lines.append(line)
    return b"\n".join(lines) + b"\n\n" + message


def _rewrite_tag(conn: sa.Connection, repo: Repository, oid: str, renamed: dict[str, str]) -> str:
    """The new id of what a ref names: of a commit, or of a tag that leads to one that changed."""
    if oid in renamed:
        return renamed[oid]
    stored = read_object(conn, repo.id, oid)
    if stored is None or stored.type is not ObjectType.TAG:
        return oid
    content = stored.content or b""
    target = tag_target(content)
    new_target = _rewrite_tag(conn, repo, target, renamed)
    if new_target == target:
        return oid
    rest = content.partition(b"\n")[2]
    for start in _TAG_SIGNATURES:
        rest = rest.partition(start)[0]
    tag = make_object(ObjectType.TAG, b"object " + new_target.encode() + b"\n" + rest)
    write_objects(conn, repo.id, [tag])
    return tag.oid
