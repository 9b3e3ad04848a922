"""Stages that a repository has because its owner announced them: applied when they begin.

The hub keeps to the events of a repository only after an owner asked it to, and only to those that
the keys signed which had signed main's release then: who may write, but does not own, opens
nothing with a key of their own. Each stage is applied once; what an owner sets by hand afterwards
stays until the next begins.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import handler
from paddock.hub.lifecycle.requests import STAGES, keep_to_stages_at
from paddock.hub.lifecycle.tables import lifecycle_events, lifecycle_follows
from paddock.hub.repositories import Settings, change_settings
from paddock.hub.scans.recording import find_repository
from paddock.hub.types import Account, Repository
from paddock.signing.events.event import Event, parse_event
from paddock.signing.events.standing import stage_at, stages_to_come
from paddock.storage.sql import in_chunks, insert_ignore


@handler(STAGES)
def stage_is_due(hub: Hub, payload: dict[str, Any]) -> None:
    """Apply the stage that has begun."""
    with hub.database.write() as conn:
        repo = find_repository(conn, int(payload["repo_id"]), lock=True)
        if repo is not None:
            keep_to(conn, repo)


def follow(conn: sa.Connection, repo: Repository, owner: Account, keys: frozenset[str]) -> None:
    """Let the hub keep to what these keys announce; whoever calls opened it with Need.OWN."""
    conn.execute(lifecycle_follows.delete().where(lifecycle_follows.c.repo_id == repo.id))
    row = {
        "repo_id": repo.id,
        "signers": sorted(keys),
        "asked_by": owner.name,
        "asked_at": clock.now(),
    }
    insert_ignore(conn, lifecycle_follows, [row])
    note(conn, Act.REPO_LIFECYCLE, repo=repo, keys=sorted(keys))


def followed_keys(conn: sa.Connection, repo_id: int) -> frozenset[str]:
    """Whose announcements the hub keeps to here."""
    query = sa.select(lifecycle_follows.c.signers).where(lifecycle_follows.c.repo_id == repo_id)
    return frozenset(conn.execute(query).scalar_one_or_none() or ())


def keep_to(conn: sa.Connection, repo: Repository) -> Event | None:
    """Apply the stage that holds now, if that was not done, and wait for the next; what holds.

    What it takes the place of counts as applied with it: a clock that is put back applies nothing
    again, and so undoes nothing that an owner decided since.
    """
    keys, now = followed_keys(conn, repo.id), clock.now()
    if not keys:
        return None
    c = lifecycle_events.c
    query = sa.select(c.payload, c.signers, c.applied_at).where(
        c.repo_id == repo.id, c.kind == "stage"
    )
    events: dict[str, Event] = {}
    applied: set[str] = set()
    for payload, signed_by, applied_at in conn.execute(query):
        if keys & set(signed_by):
            event = parse_event(payload.encode())
            events[event.digest] = event
            applied |= {event.digest} if applied_at is not None else set()
    holds = stage_at(events.values(), now)
    if holds is not None and holds.digest not in applied:
        change_settings(conn, repo, _settings(holds))
    to_come = stages_to_come(events.values(), now)
    begun = events.keys() - {event.digest for event in to_come} - applied
    for some in in_chunks(sorted(begun)):
        done = lifecycle_events.update().where(c.repo_id == repo.id, c.digest.in_(some))
        conn.execute(done.values(applied_at=now))
    for event in to_come[:1]:
        keep_to_stages_at(conn, repo.id, event.effective or event.at)
    return holds


def _settings(event: Event) -> Settings:
    if event.stage == "gated":
        return Settings(is_private=False, gated="manual" if event.mechanism == "manual" else "auto")
    is_invited = event.stage == "invited"
    return Settings(is_private=event.stage != "open", gated="", is_invited=is_invited)
