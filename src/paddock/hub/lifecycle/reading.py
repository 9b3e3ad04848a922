"""Reads a repository's branch of events and keeps those that count.

An event counts when a key that signed the release it names signed the event, too. What counted once
is kept: neither a shorter branch nor none at all takes it back. Runs as a job after refs moved, and
at once when an owner asks.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.git import files, refs
from paddock.hub.jobs.handlers import handler
from paddock.hub.lifecycle import revoked, stages
from paddock.hub.lifecycle.releases import Released, release_at, releases_at_refs
from paddock.hub.lifecycle.requests import EVENTS_REF, READ
from paddock.hub.lifecycle.standing import kept_events
from paddock.hub.lifecycle.tables import lifecycle_events, lifecycle_releases
from paddock.hub.scans.recording import find_repository
from paddock.hub.types import FileEntry, Repository
from paddock.log import get_logger
from paddock.signing.events.event import Event, render_event
from paddock.signing.events.log import LOG_NAME, MAX_LOG_BYTES, Log, SignedEvent, parse_log
from paddock.signing.events.standing import standing_of
from paddock.storage.sql import insert_ignore

_log = get_logger(__name__)


@handler(READ)
def read_events(hub: Hub, payload: dict[str, Any]) -> None:
    """Look at the events of a repository."""
    read_now(hub, int(payload["repo_id"]))


def read_now(hub: Hub, repo_id: int) -> None:
    """The same here and now; a branch that is no good changes nothing."""
    with hub.database.read() as conn:
        repo = find_repository(conn, repo_id)
        if repo is None:
            return
        log = _log_of(hub, conn, repo)
        releases = releases_at_refs(conn, hub.blobs, repo, log.keys or {}, EVENTS_REF)
        known = [*kept_events(conn, repo_id), *(signed.event for signed in log.events)]
        is_any = any(event.kind == "revoke" for event in known)  # else no file is looked at
        revisions = [(r, files.all_files(conn, repo, r.commit_oid)) for r in releases if is_any]
    counted = [signed for signed in log.events if _counts(signed, releases)]
    with hub.database.write() as conn:
        here = find_repository(conn, repo_id, lock=True)
        if here is None:
            return
        _keep(conn, repo_id, counted, releases)
        events = kept_events(conn, repo_id)
        bad = {r.release: said for r in releases if (said := _revocation(events, r)) is not None}
        revoked.keep_from_strangers(conn, repo_id, revisions, bad)
        stages.keep_to(conn, here)


def _log_of(hub: Hub, conn: sa.Connection, repo: Repository) -> Log:
    tip = refs.find_ref(conn, repo, EVENTS_REF)
    if tip is None:
        return Log()
    entry = files.entries_at(conn, repo, tip.commit_oid, (LOG_NAME,)).get(LOG_NAME)
    if not isinstance(entry, FileEntry) or entry.large is not None:
        return Log()
    try:
        return parse_log(files.read_small_file(conn, hub.blobs, repo, entry, MAX_LOG_BYTES))
    except PaddockError as e:
        _log.warning("events_unreadable", repository=repo.full_name, why=e.message)
        return Log()


def _counts(signed: SignedEvent, releases: list[Released]) -> bool:
    return any(
        signed.event.release == release.release and signed.keyids & release.signers
        for release in releases
    )


def _keep(
    conn: sa.Connection, repo_id: int, counted: list[SignedEvent], releases: list[Released]
) -> None:
    rows = [
        {
            "repo_id": repo_id,
            "digest": signed.event.digest,
            "number": signed.event.number,
            "kind": signed.event.kind,
            "payload": render_event(signed.event).decode(),
            "signers": sorted(signed.keyids),
        }
        for signed in counted
    ]
    insert_ignore(conn, lifecycle_events, rows)
    if rows:
        found = {
            release.manifest_oid: {
                "repo_id": repo_id,
                "manifest_oid": release.manifest_oid,
                "release": release.release,
                "name": release.name,
                "version": release.version,
            }
            for release in releases
        }
        insert_ignore(conn, lifecycle_releases, list(found.values()))


def _revocation(events: list[Event], release: Released) -> str | None:
    standing = standing_of(
        events, release=release.release, name=release.name, version=release.version
    )
    return standing.sentences[0] if standing.is_revoked else None


def keys_of_main(hub: Hub, conn: sa.Connection, repo: Repository) -> frozenset[str]:
    """Those of the events' keys that signed the release at main."""
    log = _log_of(hub, conn, repo)
    if repo.head_oid is None or not log.keys:
        return frozenset()
    release = release_at(conn, hub.blobs, repo, repo.head_oid, log.keys)
    return release.signers if release is not None else frozenset()
