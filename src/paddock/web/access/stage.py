"""How open a repository is now, and what its releases announced: read, nothing decided.

Knows the rows of lifecycle events and the repository's own; what follows from a stage is
``hub.lifecycle.stages``'s and ``hub.access``'s.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.lifecycle.stages import followed_keys
from paddock.hub.lifecycle.standing import kept_events
from paddock.hub.types import Repository

# The steps from closed to open, each with what it lets others do.
STEPS: Final = (
    ("private", "Private", "only its owners see it"),
    ("invited", "By invitation", "who is let in sees it and downloads"),
    ("gated", "Gated", "everybody sees it, who is let in downloads"),
    ("open", "Open", "everybody downloads"),
)


class Announced(NamedTuple):
    """A stage that was announced, and since or from when."""

    stage: str
    begins: datetime
    reason: str
    is_to_come: bool


class Stage(NamedTuple):
    """How open a repository is; ``keeps_to`` says whether the hub does what is announced."""

    now: str
    gate: str | None  # "auto" | "manual"
    announced: list[Announced]
    keeps_to: bool


def stage_now(repo: Repository) -> str:
    """Its step from closed to open."""
    if repo.is_private:
        return "invited" if repo.is_invited else "private"
    return "gated" if repo.gated else "open"


def read_stage(conn: sa.Connection, repo: Repository) -> Stage:
    """How it is at this moment."""
    now = stage_now(repo)
    moment = clock.now()
    announced = [
        Announced(event.stage, begins, event.reason, begins > moment)
        for event in kept_events(conn, repo.id)
        if event.stage is not None
        for begins in [event.effective or event.at]
    ]
    announced.sort(key=lambda one: one.begins)
    return Stage(now, repo.gated, announced, bool(followed_keys(conn, repo.id)))
