"""What a discussion is, and what happened in it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from paddock.hub.types import Account


class Status(StrEnum):
    """Where a discussion stands; the first and the last are for pull requests only."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"

    @property
    def is_over(self) -> bool:
        return self in {Status.CLOSED, Status.MERGED}


class EventType(StrEnum):
    """What can happen in a discussion."""

    COMMENT = "comment"
    STATUS = "status-change"
    TITLE = "title-change"
    PINNING = "pinning-change"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What makes a discussion a pull request.

    ``fork_oid`` is where the base branch was when it began: what it changes is told from there when
    branch and proposal have no history in common (any more).
    """

    base_ref: str
    fork_oid: str
    merged_base_oid: str | None = None
    merged_head_oid: str | None = None
    merge_oid: str | None = None


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion, or a pull request when there is a ``proposal``."""

    id: int
    public_id: str
    repo_id: int
    num: int
    status: Status
    title: str
    author: Account | None  # None: the account is gone
    is_pinned: bool
    comment_count: int
    event_count: int
    text_bytes: int
    created_at: datetime
    updated_at: datetime
    proposal: Proposal | None

    @property
    def git_ref(self) -> str:
        """Where a pull request's commits are."""
        return f"refs/pr/{self.num}"


class Version(NamedTuple):
    """What a comment said, and who let it say so when."""

    raw: str
    html: str
    author: Account | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it is now, after the versions it had before."""

    latest: Version
    history: tuple[Version, ...]
    is_hidden: bool
    hider: Account | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``comment`` is there exactly when its type says so."""

    id: int
    public_id: str
    type: EventType
    author: Account | None
    created_at: datetime
    facts: Mapping[str, Any]
    comment: Comment | None
