"""Who watches a repository, and which of them may know what happened to it.

A webhook learns what its owner may see, as a user like any other, when it is sent: neither an
administrator's rights nor what could be seen once count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.lookup import to_repository
from paddock.hub.people.accounts import role_in, to_account
from paddock.hub.tables import accounts, memberships, repositories
from paddock.hub.types import Account, Caller, Repository
from paddock.hub.webhooks.tables import webhook_watches, webhooks

Pair = tuple[str, str]  # what is watched: (key, kind)


class Subject(NamedTuple):
    """The repository of an event, as the event remembers it: it may be gone by now."""

    repo_id: int
    namespace_id: int
    was_private: bool
    seen_by: Sequence[int] | None  # when it was private and was deleted


class Watcher(NamedTuple):
    """A webhook that watches, and what it wants to know of."""

    webhook_id: int
    owner: Account
    domains: Sequence[str]


def is_watched(conn: sa.Connection, watched: Sequence[Pair]) -> bool:
    """Whether any webhook watches one of these."""
    query = sa.select(webhook_watches.c.webhook_id).where(_any_of(watched)).limit(1)
    return conn.execute(query).first() is not None


def page_of_watchers(
    conn: sa.Connection, watched: Sequence[Pair], after: int, limit: int
) -> list[Watcher]:
    """Webhooks in force that watch one of these, by number, after one of them."""
    query = _watchers(watched).where(webhooks.c.id > after, sa.not_(webhooks.c.is_disabled))
    rows = conn.execute(query.order_by(webhooks.c.id).limit(limit)).mappings()
    return [Watcher(row["webhook_id"], to_account(row), row["domains"]) for row in rows]


def owners_who_may_see(conn: sa.Connection, repo: Repository, watched: Sequence[Pair]) -> list[int]:
    """Of the owners of webhooks that watch a private repository, those who may see it."""
    members = sa.select(memberships.c.user_id).where(memberships.c.org_id == repo.namespace_id)
    named = sa.select(collaborators.c.user_id).where(collaborators.c.repo_id == repo.id)
    theirs = sa.or_(accounts.c.id.in_(members), accounts.c.id.in_(named))
    near = sa.or_(accounts.c.id == repo.namespace_id, theirs)
    owners = {
        row[accounts.c.id]: to_account(row)
        for row in conn.execute(_watchers(watched).where(near)).mappings()
    }
    return sorted(id_ for id_, owner in owners.items() if _may_see(conn, owner, repo))


def may_know(conn: sa.Connection, owner: Account, subject: Subject) -> bool:
    """Whether a webhook's owner may be told of this repository now.

    What can no longer be asked, about a private repository that is gone, is not told.
    """
    query = sa.select(repositories).where(repositories.c.id == subject.repo_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is not None:
        return _may_see(conn, owner, to_repository(row))
    if not subject.was_private:
        return True
    if owner.id not in (subject.seen_by or ()):
        return False
    return (
        owner.id == subject.namespace_id or role_in(conn, subject.namespace_id, owner) is not None
    )


def _may_see(conn: sa.Connection, owner: Account, repo: Repository) -> bool:
    return access.may_see(conn, Caller(owner, None), repo)


def _watchers(watched: Sequence[Pair]) -> sa.Select[tuple[object, ...]]:
    watching = sa.select(webhook_watches.c.webhook_id).where(_any_of(watched))
    return (
        sa.select(accounts, webhooks.c.id.label("webhook_id"), webhooks.c.domains)
        .join(webhooks, webhooks.c.owner_id == accounts.c.id)
        .where(webhooks.c.id.in_(watching))
    )


def _any_of(watched: Sequence[Pair]) -> sa.ColumnElement[bool]:
    c = webhook_watches.c
    return sa.or_(*(sa.and_(c.key == key, c.kind == kind) for key, kind in watched))
