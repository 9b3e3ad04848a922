"""What is told of a repository and of one of its revisions: banners, fields, headers.

A repository about which nothing was announced costs one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock.hub.git import files
from paddock.hub.lifecycle.releases import MANIFEST
from paddock.hub.lifecycle.tables import lifecycle_events, lifecycle_releases
from paddock.hub.types import FileEntry, Repository
from paddock.signing.events.event import Event, parse_event
from paddock.signing.events.standing import Standing, event_json, stages_to_come, standing_of

HEADER = "X-Paddock-Advisory"


@dataclass(frozen=True, slots=True)
class Told:
    """How a revision stands, and which stages its repository will have."""

    standing: Standing
    coming: tuple[Event, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.standing.events and not self.coming

    @property
    def header(self) -> str | None:
        """One line: the state, and the ids of the advisories."""
        if not self.standing.events:
            return None
        ids = [e.advisory.id for e in self.standing.events if e.advisory is not None]
        return "; ".join([self.standing.state, *dict.fromkeys(ids)])

    def to_json(self) -> dict[str, Any]:
        """For the API."""
        told = self.standing.to_json()
        if self.coming:
            told["coming"] = [event_json(event) for event in self.coming]
        return told


def kept_events(conn: sa.Connection, repo_id: int) -> list[Event]:
    """Every event of a repository that counts, in their order."""
    c = lifecycle_events.c
    query = sa.select(c.payload).where(c.repo_id == repo_id).order_by(c.number, c.digest)
    return [parse_event(payload.encode()) for payload in conn.execute(query).scalars()]


def tell(conn: sa.Connection, repo: Repository, commit_oid: str | None, now: datetime) -> Told:
    """What to tell of a revision."""
    events = kept_events(conn, repo.id)
    if not events:
        return Told(Standing())
    coming = tuple(stages_to_come(events, now))
    if commit_oid is None:
        return Told(Standing(), coming)
    entry = files.entries_at(conn, repo, commit_oid, (MANIFEST,)).get(MANIFEST)
    row = _release(conn, repo.id, entry.oid) if isinstance(entry, FileEntry) else None
    if row is None:
        return Told(Standing(), coming)
    standing = standing_of(events, release=row.release, name=row.name, version=row.version)
    return Told(standing, coming)


def _release(conn: sa.Connection, repo_id: int, manifest_oid: str) -> Any:
    c = lifecycle_releases.c
    query = sa.select(c.release, c.name, c.version).where(
        c.repo_id == repo_id, c.manifest_oid == manifest_oid
    )
    return conn.execute(query).one_or_none()
