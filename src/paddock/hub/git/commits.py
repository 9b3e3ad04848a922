"""Making commits: a branch, its objects and its index move together, in one transaction.

Knows how a branch gets a new tip; does not know the wire format. The caller opens the transaction;
the repository stays locked from the look at the tip until the transaction ends, so two writers of
one branch take turns and nothing that was acknowledged is lost. Bytes that are kept in the blob
store are there before the transaction begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from paddock import clock
from paddock.front_matter import CARD_NAME
from paddock.hub import lookup
from paddock.hub.catalogue import card
from paddock.hub.errors import StaleParent
from paddock.hub.git import attributes, refs
from paddock.hub.git.commit_objects import NewCommit, NewTag, encode_commit, encode_tag, identity
from paddock.hub.git.files import tree_oid_of
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.git.objects import ObjectType, make_object, write_objects
from paddock.hub.git.operations import AddFile, Operation, check_path
from paddock.hub.git.staging import stage
from paddock.hub.git.trees import EMPTY_TREE_OID
from paddock.hub.large import places
from paddock.hub.tables import commits
from paddock.hub.types import Account, Repository
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.storage.sql import insert_ignore

INITIAL_MESSAGE = "initial commit"  # the Hub's words, which clients show


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """What shall be committed to which branch; ``parent_commit`` may be an abbreviated id."""

    ref: str  # full name, "refs/heads/main"
    operations: Sequence[Operation]
    author: Account
    message: str
    parent_commit: str | None = None


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch to be made: at a commit, or without files and history when there is none."""

    name: str
    commit_oid: str | None
    overwrite: bool = False


def create_commit(conn: sa.Connection, repo: Repository, request: CommitRequest) -> str:
    """The new tip's id.

    Raises RevisionNotFound (no such branch), StaleParent, and what ``stage`` and the check of the
    model card raise. Without operations, or when they change nothing, the commit is empty.
    """
    _check_card(repo, request.operations)
    tip = _lock_tip(conn, repo, request.ref)
    if request.parent_commit is not None and not tip.commit_oid.startswith(request.parent_commit):
        raise StaleParent
    root_oid = tree_oid_of(conn, repo, tip.commit_oid)
    tree_oid = stage(conn, repo, root_oid, request.operations)
    places.note_operations(conn, repo, request.ref, request.operations)
    new = NewCommit(tree_oid, (tip.commit_oid,), request.author, clock.now(), request.message)
    return _move(conn, repo, request.ref, new, expected=tip.oid)


def initial_commit(
    conn: sa.Connection, repo: Repository, author: Account, files: Mapping[str, bytes]
) -> str:
    """The first commit on main: the kind's ``.gitattributes`` and these files, or what they say."""
    contents = {ATTRIBUTES_NAME: attributes.default_attributes(repo.kind).encode(), **files}
    operations = [
        AddFile(check_path(path), make_object(ObjectType.BLOB, content))
        for path, content in contents.items()
    ]
    _check_card(repo, operations)
    lookup.lock_repository(conn, repo)
    tree_oid = stage(conn, repo, EMPTY_TREE_OID, operations)
    new = NewCommit(tree_oid, (), author, clock.now(), INITIAL_MESSAGE)
    return _move(conn, repo, refs.MAIN, new, expected=None)


def create_branch(conn: sa.Connection, repo: Repository, author: Account, new: NewBranch) -> None:
    """A new branch, or an old one moved; raises AlreadyExists and BadName."""
    commit_oid = new.commit_oid or _write_empty_commit(conn, repo, author)
    before = refs.create_branch(conn, repo, new.name, commit_oid, overwrite=new.overwrite)
    refs_moved(conn, repo, author, [RefChange(refs.BRANCHES + new.name, before, commit_oid)])


def delete_branch(conn: sa.Connection, repo: Repository, actor: Account, name: str) -> None:
    """Forget a branch; raises RevisionNotFound, and Forbidden for main."""
    before = refs.delete_branch(conn, repo, name)
    refs_moved(conn, repo, actor, [RefChange(refs.BRANCHES + name, before, None)])


def create_tag(conn: sa.Connection, repo: Repository, new: NewTag) -> None:
    """A tag on a commit, annotated when it has a message; raises AlreadyExists and BadName."""
    oid = new.commit_oid
    refs.check_short_name(new.name)
    if new.message:
        tag = encode_tag(new)
        write_objects(conn, repo.id, [tag])
        oid = tag.oid
    refs.create_tag(conn, repo, new.name, oid, new.commit_oid)
    refs_moved(conn, repo, new.author, [RefChange(refs.TAGS + new.name, None, oid)])


def delete_tag(conn: sa.Connection, repo: Repository, actor: Account, name: str) -> None:
    """Forget a tag; raises RevisionNotFound."""
    before = refs.delete_tag(conn, repo, name)
    refs_moved(conn, repo, actor, [RefChange(refs.TAGS + name, before, None)])


def super_squash(
    conn: sa.Connection, repo: Repository, ref: str, author: Account, message: str
) -> str:
    """Let a branch become one commit without history; other refs keep theirs."""
    tip = _lock_tip(conn, repo, ref)
    tree_oid = tree_oid_of(conn, repo, tip.commit_oid)
    new = NewCommit(tree_oid, (), author, clock.now(), message)
    return _move(conn, repo, ref, new, expected=tip.oid)


def commit_tree(conn: sa.Connection, repo: Repository, branch: refs.Ref, new: NewCommit) -> str:
    """Let a branch that is where ``branch`` says lead to a commit of a tree that is stored.

    Raises StaleParent.
    """
    return _move(conn, repo, branch.name, new, expected=branch.oid)


def _lock_tip(conn: sa.Connection, repo: Repository, ref: str) -> refs.Ref:
    lookup.lock_repository(conn, repo)
    tip = refs.find_ref(conn, repo, ref)
    if tip is None:
        raise refs.unknown_revision(ref.removeprefix(refs.BRANCHES))
    return tip


def _move(
    conn: sa.Connection, repo: Repository, ref: str, new: NewCommit, *, expected: str | None
) -> str:
    oid = _write_commit(conn, repo, new)
    if not refs.move_ref(conn, repo, refs.Ref(ref, oid, oid), expected=expected):
        raise StaleParent
    refs_moved(conn, repo, new.author, [RefChange(ref, expected, oid)])
    return oid


def _write_empty_commit(conn: sa.Connection, repo: Repository, author: Account) -> str:
    write_objects(conn, repo.id, [make_object(ObjectType.TREE, b"")])
    return _write_commit(
        conn, repo, NewCommit(EMPTY_TREE_OID, (), author, clock.now(), INITIAL_MESSAGE)
    )


def _write_commit(conn: sa.Connection, repo: Repository, new: NewCommit) -> str:
    commit = encode_commit(new)
    write_objects(conn, repo.id, [commit])
    heights = sa.select(commits.c.height).where(
        commits.c.repo_id == repo.id, commits.c.oid.in_(new.parents)
    )
    row = {
        "repo_id": repo.id,
        "oid": commit.oid,
        "tree_oid": new.tree_oid,
        "parents": " ".join(new.parents),
        "height": 1 + max(conn.execute(heights).scalars(), default=0),
        "author": identity(new.author),
        "user_id": new.author.id,
        "committed_at": new.committed_at.replace(microsecond=0),
        "message": new.message,
    }
    # The same commit made twice within a second is the same object: nothing to add then.
    insert_ignore(conn, commits, [row])
    return commit.oid


def _check_card(repo: Repository, operations: Sequence[Operation]) -> None:
    """Refuse a README whose metadata no reader could use."""
    for operation in operations:
        if isinstance(operation, AddFile) and operation.path == CARD_NAME:
            content = operation.blob.content
            if content is not None and operation.blob.pointer is None:
                card.check_card(content.decode("utf-8", "replace"), repo.kind)
