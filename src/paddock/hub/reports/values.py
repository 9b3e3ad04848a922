"""What a report is, what was asked, what happened since, and a replay. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from paddock.hub.reports.severity import Ease, Impact, Severity, fix_by, respond_by
from paddock.hub.reports.states import WAITING, State
from paddock.hub.types import Account


class Category(StrEnum):
    """What is wrong with an answer."""

    HARMFUL = "harmful"
    BIASED = "biased"
    WRONG = "wrong"
    INSECURE = "insecure"


CATEGORY_MEANS = {
    Category.HARMFUL: "it hurts somebody, or helps somebody to",
    Category.BIASED: "it treats people differently for what they are",
    Category.WRONG: "it says what is not so, or does not do what it should",
    Category.INSECURE: "it gives away what it should keep, or can be turned against its user",
}


class Turn(NamedTuple):
    """A message of a conversation, or with the role ``prompt`` all that a bare prompt is."""

    role: str
    content: str


BARE = "prompt"  # the role of a prompt without a conversation


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was asked how, of which revision, what came, and what should have come."""

    turns: tuple[Turn, ...]
    settings: Mapping[str, Any]  # temperature, top_p, seed, max_tokens, …
    output: str
    expected: str

    @property
    def is_bare(self) -> bool:
        """Whether a prompt was completed, and no conversation continued."""
        return self.turns[0].role == BARE


@dataclass(frozen=True, slots=True)
class Report:
    """A report as its row says; ``reporter`` is None once the account is gone."""

    id: int
    public_id: str
    repo_id: int
    category: Category
    title: str
    state: State
    impact: Impact | None
    ease: Ease | None
    severity: Severity
    is_severity_decided: bool  # by maintainers; else it is what the reporter thinks
    reporter: Account | None
    is_credited: bool
    revision: str | None  # as the reporter named it
    commit_oid: str | None
    evidence: Evidence
    details: str
    details_html: str
    public_from: datetime | None  # None: kept private
    duplicate_of_id: int | None
    fixed_in: str | None
    fixed_oid: str | None
    event_count: int
    text_bytes: int
    created_at: datetime
    updated_at: datetime

    def is_public(self, now: datetime) -> bool:
        """Whether whoever sees the repository may see it."""
        return self.public_from is not None and self.public_from <= now

    @property
    def respond_by(self) -> datetime:
        return respond_by(self.severity, self.created_at)

    @property
    def fix_by(self) -> datetime:
        return fix_by(self.severity, self.created_at)

    @property
    def due_at(self) -> datetime | None:
        """The next deadline; None where none is left."""
        if self.state is State.NEW:
            return self.respond_by
        return self.fix_by if self.state in WAITING else None

    def is_overdue(self, now: datetime) -> bool:
        """Whether a deadline has passed."""
        return self.due_at is not None and self.due_at < now


class Said(StrEnum):
    """What can happen in a report."""

    MESSAGE = "message"
    STATE = "state"
    SEVERITY = "severity"
    VISIBILITY = "visibility"
    CREDIT = "credit"
    ORIGINAL = "original"  # what became of the report that this one is again
    JOINED = "joined"  # another one is this one again
    REPLAY = "replay"
    CASE = "case"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a report; a message has a text, others facts."""

    public_id: str
    type: Said
    author: Account | None
    is_by_reporter: bool
    created_at: datetime
    facts: Mapping[str, Any]
    raw: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What the model at a commit said to the same messages with the same settings."""

    public_id: str
    commit_oid: str
    output: str
    is_identical: bool
    finish: str
    max_tokens: int
    created_at: datetime
