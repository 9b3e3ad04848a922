"""What follows when refs have moved: the one place that everyone who moved some calls.

Knows who must learn of it, in the transaction that moved them; does not move anything itself.
Called once for each repository and transaction, with every ref that moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import Forbidden
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.catalogue import indexing
from paddock.hub.discussions import arrivals
from paddock.hub.garbage import requests
from paddock.hub.gates.terms import refresh_terms
from paddock.hub.git import refs
from paddock.hub.git_http import packing_requests
from paddock.hub.large import places
from paddock.hub.lifecycle.requests import read_later
from paddock.hub.mirror.tables import mirrors
from paddock.hub.releases import requests as releases
from paddock.hub.scans.requests import scan_later
from paddock.hub.types import Account, Repository
from paddock.hub.webhooks.events import Event, announce

MAX_REFS_NOTED = 20
MAX_REFS_IN_EVENT = 500


class FollowsUpstream(Forbidden):
    """Somebody would change a mirror."""

    code = "follows_upstream"


class RefChange(NamedTuple):
    """A ref's full name and where it pointed and points; None: it was not, or is no longer."""

    name: str
    old_oid: str | None
    new_oid: str | None


def _note(conn: sa.Connection, repo: Repository, moved: Sequence[RefChange]) -> None:
    """In the audit log: which refs lead where now; "-" to nowhere."""
    if moved:
        told = [
            f"{change.name} {change.old_oid or '-'} {change.new_oid or '-'}" for change in moved
        ]
        note(conn, Act.REPO_REFS, repo=repo, refs=told[:MAX_REFS_NOTED], ref_count=len(moved))


def refs_moved(
    conn: sa.Connection, repo: Repository, actor: Account | None, changes: Sequence[RefChange]
) -> None:
    """Bring everything up to date with where the refs point now; None acts for the hub itself.

    Raises FollowsUpstream: what a mirror has is another hub's to change.
    """
    moved = [change for change in changes if change.old_oid != change.new_oid]
    if actor is not None:
        _check_is_ours(conn, repo, moved)
    if any(change.name == refs.MAIN for change in moved):
        indexing.refresh(conn, repo)
        refresh_terms(conn, repo)
        releases.read_later(conn, repo)
    if any(change.new_oid is not None for change in moved):
        scan_later(conn, repo)
        read_later(conn, repo, {change.name for change in moved})
    for change in moved:
        if change.new_oid is not None:
            places.note_tip(conn, repo, change.name)
    requests.refs_left(conn, repo.id, [(change.old_oid, change.new_oid) for change in moved])
    packing_requests.refs_changed(conn, repo.id, moved)
    arrivals.tell_arrivals(conn, repo, actor, moved)
    for start in range(0, len(moved), MAX_REFS_IN_EVENT):
        told = [
            {"ref": change.name, "oldSha": change.old_oid, "newSha": change.new_oid}
            for change in moved[start : start + MAX_REFS_IN_EVENT]
        ]
        announce(conn, Event("update", "repo.content", repo, actor, {"updatedRefs": told}))
    _note(conn, repo, moved)


def _check_is_ours(conn: sa.Connection, repo: Repository, moved: Sequence[RefChange]) -> None:
    followed = (refs.BRANCHES, refs.TAGS)
    if not any(change.name.startswith(followed) for change in moved):
        return
    row = sa.select(mirrors.c.repo_id).where(mirrors.c.repo_id == repo.id)
    if conn.execute(row).first() is not None:
        raise FollowsUpstream(
            f"{repo.full_name} follows another hub, which alone changes it",
            hint="duplicate it to have a copy of your own",
        )
