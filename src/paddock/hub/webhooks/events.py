"""What happened to a repository, announced in the transaction that makes it happen.

Knows which repositories are watched; does not know by whom, nor how anything is sent. A change that
nobody watches costs one look-up; one that is watched costs two rows, however many watch. What the
payload says of the repository is what was true when the change was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub import lookup
from paddock.hub.jobs.queue import enqueue
from paddock.hub.people.accounts import new_public_id
from paddock.hub.tables import accounts, repositories, repository_tags
from paddock.hub.types import Account, Repository
from paddock.hub.webhooks import watchers
from paddock.hub.webhooks.tables import webhook_events

FAN_OUT = "webhooks.fan_out"  # the kind of job that finds who is to be told


@dataclass(frozen=True, slots=True)
class Event:
    """A change: ``facts`` are the payload's own keys (updatedRefs, updatedConfig, movedTo,
    discussion, comment), in which an address may be a path of this hub."""

    action: str  # create | update | delete | move
    scope: str  # repo | repo.content | repo.config | discussion | discussion.comment
    repo: Repository
    actor: Account | None
    facts: Mapping[str, Any] = field(default_factory=dict)


def announce(conn: sa.Connection, event: Event) -> None:
    """Let everyone who watches the repository be told, once this transaction is committed.

    A deletion is announced before the row goes, a move with the repository as it was.
    """
    watched = watched_keys(event)
    if not watchers.is_watched(conn, watched):
        return
    repo = event.repo
    now = conn.execute(sa.select(repositories).where(repositories.c.id == repo.id)).mappings()
    present = lookup.to_repository(now.one())
    row = {
        "public_id": new_public_id(),
        "action": event.action,
        "scope": event.scope,
        "body": {
            "event": {"action": event.action, "scope": event.scope},
            "repo": _render_repo(conn, repo, present, event.scope),
            **event.facts,
        },
        "watched": [list(pair) for pair in watched],
        "repo_id": repo.id,
        "namespace_id": repo.namespace_id,
        "was_private": present.is_private,
        "is_fanned_out": False,
        "created_at": clock.now(),
    }
    if event.action == "delete" and event.scope == "repo" and present.is_private:
        row["seen_by"] = watchers.owners_who_may_see(conn, present, watched)
    conn.execute(webhook_events.insert().values(row))
    enqueue(conn, FAN_OUT, {"repo_id": repo.id}, unique=str(repo.id))


def watched_keys(event: Event) -> list[tuple[str, str]]:
    """Every (key, kind) that stands for this event's repository, under its new name too."""
    names = [event.repo.full_name]
    if "movedTo" in event.facts:
        names.append(event.facts["movedTo"]["name"])
    keys = dict.fromkeys(name.lower() for name in names)
    owners = dict.fromkeys(key.split("/", 1)[0] for key in keys)
    pairs = [(key, str(event.repo.kind)) for key in keys]
    return pairs + [(owner, kind) for owner in owners for kind in ("user", "org")]


def _render_repo(
    conn: sa.Connection, repo: Repository, present: Repository, scope: str
) -> dict[str, Any]:
    owner = sa.select(accounts.c.public_id).where(accounts.c.id == repo.namespace_id)
    rendered: dict[str, Any] = {
        "type": str(repo.kind),
        "name": repo.full_name,
        "id": repo.public_id,
        "private": present.is_private,
        "url": {"web": repo.web_path, "api": repo.api_path},
        "owner": {"id": conn.execute(owner).scalar_one()},
    }
    if scope.startswith("repo"):
        tags = sa.select(repository_tags.c.tag).where(repository_tags.c.repo_id == repo.id)
        rendered["tags"] = sorted(conn.execute(tags).scalars())
        if present.head_oid is not None:
            rendered["headSha"] = present.head_oid
    return rendered
