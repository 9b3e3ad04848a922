"""What follows when refs have moved: the one place that everyone who moved some calls.

Knows who must learn of it, in the transaction that moved them; does not move anything itself.
Called once for each repository and transaction, with every ref that moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.catalogue import indexing
from paddock.hub.discussions import arrivals
from paddock.hub.git import refs
from paddock.hub.types import Account, Repository
from paddock.hub.webhooks.events import Event, announce

MAX_REFS_IN_EVENT = 500


class RefChange(NamedTuple):
    """A ref's full name and where it pointed and points; None: it was not, or is no longer."""

    name: str
    old_oid: str | None
    new_oid: str | None


def refs_moved(
    conn: sa.Connection, repo: Repository, actor: Account | None, changes: Sequence[RefChange]
) -> None:
    """Bring everything up to date with where the refs point now; None acts for the hub itself."""
    moved = [change for change in changes if change.old_oid != change.new_oid]
    if any(change.name == refs.MAIN for change in moved):
        indexing.refresh(conn, repo)
    arrivals.tell_arrivals(conn, repo, actor, moved)
    for start in range(0, len(moved), MAX_REFS_IN_EVENT):
        told = [
            {"ref": change.name, "oldSha": change.old_oid, "newSha": change.new_oid}
            for change in moved[start : start + MAX_REFS_IN_EVENT]
        ]
        announce(conn, Event("update", "repo.content", repo, actor, {"updatedRefs": told}))
