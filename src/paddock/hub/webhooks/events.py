"""What happened to a repository, announced in the transaction that makes it happen.

Knows which webhooks watch a repository; does not know how anything is sent. A repository that
nobody watches costs one look-up; one that somebody watches costs one more row, however many watch.
What the payload says of the repository is what was true when the change was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from paddock.hub import lookup
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import accounts, repositories, repository_tags
from paddock.hub.types import Account, Repository
from paddock.hub.webhooks.tables import webhook_watches

FAN_OUT = "webhooks.fan_out"  # the kind of job that finds who is to be told

_WATCHED = sa.select(webhook_watches.c.webhook_id).where(
    sa.tuple_(webhook_watches.c.key, webhook_watches.c.kind).in_(
        sa.bindparam("watched", expanding=True)
    )
)


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

    Before a repository's row goes, not after; what moves is announced under its old name.
    """
    watched = watched_keys(event)
    if conn.execute(_WATCHED.limit(1), {"watched": watched}).first() is None:
        return
    body = {
        "event": {"action": event.action, "scope": event.scope},
        "repo": _render_repo(conn, event.repo, event.scope),
        **event.facts,
    }
    payload = {
        "body": body,
        "watched": [list(pair) for pair in watched],
        "repo_id": event.repo.id,
        "namespace_id": event.repo.namespace_id,
        "was_private": event.repo.is_private,
    }
    enqueue(conn, FAN_OUT, payload)


def watched_keys(event: Event) -> list[tuple[str, str]]:
    """Every (key, kind) that watches this event's repository, under its new name too."""
    names = [event.repo.full_name]
    if "movedTo" in event.facts:
        names.append(event.facts["movedTo"]["name"])
    keys = dict.fromkeys(name.lower() for name in names)
    pairs = [(key, str(event.repo.kind)) for key in keys]
    owners = dict.fromkeys(key.split("/", 1)[0] for key in keys)
    return pairs + [(owner, kind) for owner in owners for kind in ("user", "org")]


def _render_repo(conn: sa.Connection, repo: Repository, scope: str) -> dict[str, Any]:
    row = conn.execute(sa.select(repositories).where(repositories.c.id == repo.id)).mappings()
    now = lookup.to_repository(row.one())
    owner = sa.select(accounts.c.public_id).where(accounts.c.id == repo.namespace_id)
    rendered: dict[str, Any] = {
        "type": str(repo.kind),
        "name": repo.full_name,
        "id": repo.public_id,
        "private": now.is_private,
        "url": {"web": repo.web_path, "api": repo.api_path},
        "owner": {"id": conn.execute(owner).scalar_one()},
    }
    if scope.startswith("repo"):
        tags = sa.select(repository_tags.c.tag).where(repository_tags.c.repo_id == repo.id)
        rendered["headSha"] = now.head_oid
        rendered["tags"] = sorted(conn.execute(tags).scalars())
    return rendered
