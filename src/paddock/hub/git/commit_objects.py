"""Commits and annotated tags as git objects: who wrote what, when, over which tree.

Pure. Knows git's encoding of both (through dulwich); does not know rows or refs. Moments are whole
seconds, UTC, because git keeps no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dulwich.objects import Commit, ObjectID, Tag

from paddock.hub.git.objects import GitObject, ObjectType, make_object
from paddock.hub.types import Account


@dataclass(frozen=True, slots=True)
class NewCommit:
    """What a commit says."""

    tree_oid: str
    parents: tuple[str, ...]
    author: Account
    committed_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class NewTag:
    """What an annotated tag says of a commit."""

    name: str
    commit_oid: str
    author: Account
    tagged_at: datetime
    message: str


def identity(account: Account) -> str:
    """``Name <address>`` of an account; the address is nobody's, so that no commit leaks one."""
    return f"{account.name} <{account.name}@users.noreply.paddock>"


def encode_commit(new: NewCommit) -> GitObject:
    """The commit's git object."""
    commit = Commit()
    commit.tree = ObjectID(new.tree_oid.encode())
    commit.parents = [ObjectID(oid.encode()) for oid in new.parents]
    commit.author = commit.committer = identity(new.author).encode()
    commit.author_time = commit.commit_time = int(new.committed_at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = new.message.encode()
    return make_object(ObjectType.COMMIT, commit.as_raw_string())


def encode_tag(new: NewTag) -> GitObject:
    """The tag's git object."""
    tag = Tag()
    tag.name = new.name.encode()
    tag.object = (Commit, ObjectID(new.commit_oid.encode()))
    tag.tagger = identity(new.author).encode()
    tag.tag_time = int(new.tagged_at.timestamp())
    tag.tag_timezone = 0
    tag.message = new.message.encode()
    return make_object(ObjectType.TAG, tag.as_raw_string())
