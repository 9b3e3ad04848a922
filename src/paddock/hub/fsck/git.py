"""Git as rows: refs lead to commits, commits to trees; looked at deeply, every object has the bytes
of its id, and what trees and commits name is there.

An object that is damaged or missing is copied from another repository that has it, if one does:
the id proves the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial

import sqlalchemy as sa

from paddock.hub.fsck import concerns
from paddock.hub.fsck.checkers import Checking
from paddock.hub.fsck.findings import Concerns, Fault
from paddock.hub.fsck.repairing import Repairs
from paddock.hub.git.objects import GitObject, ObjectType, object_oid, read_objects, write_objects
from paddock.hub.git.trees import EMPTY_TREE_OID, SUBMODULE_MODE, read_tree
from paddock.hub.large.pointers import parse_pointer
from paddock.hub.tables import commits, git_objects, refs, repositories
from paddock.storage.blobs import BlobMissing, BlobStore
from paddock.storage.errors import StorageFailed
from paddock.storage.sql import in_chunks

_OBJECTS_AT_ONCE = 20  # a tree may have megabytes
_OIDS_PER_PAGE = 1000
_MAX_SIBLINGS = 20


def check_git(checking: Checking, after: str) -> Iterator[str]:
    """Every repository by its number."""
    last = int(after or 0)
    while True:
        query = sa.select(repositories.c.id).where(repositories.c.id > last)
        with checking.database.read() as conn:
            repo_id = conn.execute(query.order_by(repositories.c.id).limit(1)).scalar_one_or_none()
        if repo_id is None:
            return
        last = repo_id
        _check_roots(checking, repo_id)
        if checking.is_deep:
            _check_objects(checking, repo_id)
        checking.add("repositories")
        yield str(repo_id)


def _check_roots(checking: Checking, repo_id: int) -> None:
    """What refs and commits name."""
    same_commit = (commits.c.repo_id == refs.c.repo_id) & (commits.c.oid == refs.c.commit_oid)
    lost_refs = sa.select(refs.c.commit_oid).where(
        refs.c.repo_id == repo_id, ~sa.exists().where(same_commit)
    )
    named = sa.union(
        sa.select(refs.c.oid).where(refs.c.repo_id == repo_id),
        sa.select(commits.c.oid).where(commits.c.repo_id == repo_id),
        sa.select(commits.c.tree_oid).where(commits.c.repo_id == repo_id),
    ).subquery()
    held = sa.select(git_objects.c.oid).where(git_objects.c.repo_id == repo_id)
    lost = sa.select(named.c.oid).where(named.c.oid.not_in(held), named.c.oid != EMPTY_TREE_OID)
    with checking.database.read() as conn:
        missing = [*conn.execute(lost).scalars(), *conn.execute(lost_refs).scalars()]
    for oid in sorted(set(missing)):
        _report_missing(checking, repo_id, oid, "a ref or a commit")


def _check_objects(checking: Checking, repo_id: int) -> None:
    after = ""
    while True:
        query = sa.select(git_objects.c.oid).where(
            git_objects.c.repo_id == repo_id, git_objects.c.oid > after
        )
        with checking.database.read() as conn:
            page = conn.execute(query.order_by(git_objects.c.oid).limit(_OIDS_PER_PAGE))
            oids = list(page.scalars())
        if not oids:
            return
        after = oids[-1]
        for some in in_chunks(oids, _OBJECTS_AT_ONCE):
            with checking.database.read() as conn:
                found = read_objects(conn, repo_id, some)
            _check_some(checking, repo_id, found.values())


def _check_some(checking: Checking, repo_id: int, found: Iterable[GitObject]) -> None:
    children: dict[str, str] = {}
    for item in found:
        told = object_fault(checking.blobs, item)
        lost_blob = item.blob_sha256 and checking.findings.is_broken(item.blob_sha256)
        if told is not None and not lost_blob:
            whose = partial(_whose, repo_id=repo_id, oid=item.oid)
            copy = partial(_from_sibling, repo_id=repo_id, oid=item.oid)
            checking.report(Fault.GIT_OBJECT_DAMAGED, item.oid, told, copy, whose)
        elif told is None:
            children.update((oid, item.oid) for oid in _named_by(item))
        checking.add("git_objects")
    with checking.database.read() as conn:
        held: set[str] = set()
        for some in in_chunks(sorted(children)):
            query = sa.select(git_objects.c.oid).where(git_objects.c.repo_id == repo_id)
            held.update(conn.execute(query.where(git_objects.c.oid.in_(some))).scalars())
    for oid in sorted(children.keys() - held - {EMPTY_TREE_OID}):
        _report_missing(checking, repo_id, oid, f"object {children[oid]}")


def object_fault(store: BlobStore, item: GitObject) -> str | None:
    """What is wrong with an object's bytes, in a sentence."""
    if item.content is not None:
        made = object_oid(item.type, item.content)
        return None if made == item.oid else f"its bytes have the id {made}"
    if item.blob_sha256 is None:
        return "the row has neither bytes nor a blob"
    head = b"%s %d\0" % (item.type.name.lower().encode(), item.size_bytes)
    digest = hashlib.sha1(head, usedforsecurity=False)
    try:
        for piece in store.read(item.blob_sha256):
            digest.update(piece)
    except (BlobMissing, StorageFailed) as error:
        return error.message
    made = digest.hexdigest()
    return None if made == item.oid else f"its blob's bytes have the id {made}"


def _named_by(item: GitObject) -> Iterator[str]:
    if item.type is ObjectType.TREE:
        for entry in read_tree(item.content or b""):
            if entry.mode != SUBMODULE_MODE:
                yield entry.oid
    elif item.type is ObjectType.COMMIT:
        for line in (item.content or b"").partition(b"\n\n")[0].split(b"\n"):
            if line.startswith((b"tree ", b"parent ")):
                yield line.partition(b" ")[2].decode("ascii", "replace")


def _report_missing(checking: Checking, repo_id: int, oid: str, by: str) -> None:
    with checking.database.read() as conn:  # a second look: repositories are deleted, too
        query = sa.select(repositories.c.id).where(repositories.c.id == repo_id)
        if conn.execute(query).first() is None:
            return
    told = f"{by} of the repository names it, and it is not there"
    copy = partial(_from_sibling, repo_id=repo_id, oid=oid)
    whose = partial(_whose, repo_id=repo_id, oid=oid)
    checking.report(Fault.GIT_OBJECT_MISSING, oid, told, copy, whose)


def _from_sibling(repairs: Repairs, repo_id: int, oid: str) -> str | None:
    """Copy the object from another repository that has it whole."""
    query = sa.select(git_objects.c.repo_id).where(
        git_objects.c.oid == oid, git_objects.c.repo_id != repo_id
    )
    with repairs.database.read() as conn:
        siblings = conn.execute(query.limit(_MAX_SIBLINGS)).scalars().all()
        found = [read_objects(conn, sibling, [oid]).get(oid) for sibling in siblings]
    whole = [item for item in found if item and object_fault(repairs.blobs, item) is None]
    if not whole:
        return None
    item = whole[0]
    if item.content is not None and item.type is ObjectType.BLOB:
        item = item._replace(pointer=parse_pointer(item.content))
    with repairs.database.write() as conn:
        same = (git_objects.c.repo_id == repo_id) & (git_objects.c.oid == oid)
        conn.execute(git_objects.delete().where(same))
        write_objects(conn, repo_id, [item])
    return "copied from another repository"


def _whose(conn: sa.Connection, repo_id: int, oid: str) -> Concerns:
    return concerns.of_git_object(conn, repo_id, oid)
