"""Who holds a model as far as rows know, and is told of an advisory on it.

Those who hold a grant, those whose downloads are noted, and those who made a model of it, or the
admins of the organisation that did. Told by a job, so many in a transaction; being told twice is
being told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from paddock.hub.advisories.rows import AdvisoryNotFound, find_advisory
from paddock.hub.advisories.values import Advisory
from paddock.hub.context import Hub
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.jobs.handlers import handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.lookup import to_repository
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.tables import access_grants, accounts, memberships, repositories, repository_tags
from paddock.hub.types import Repository

TELL = "advisories.tell"
_USERS_AT_ONCE = 500


@handler(TELL)
def tell_holders(hub: Hub, payload: dict[str, Any]) -> None:
    """Tell everybody who holds the model of an advisory."""
    after = 0
    while True:
        stop_here_if_asked()
        with hub.database.write() as conn:
            found = _find(conn, int(payload["repo_id"]), str(payload["name"]))
            if found is None:
                return
            repo, advisory = found
            user_ids = list(_holders(conn, repo, after))
            told = set(user_ids) - ({advisory.author.id} if advisory.author else set())
            notify(conn, repo, told, _notice(repo, advisory))
        if len(user_ids) < _USERS_AT_ONCE:
            return
        after = user_ids[-1]


def _find(conn: sa.Connection, repo_id: int, name: str) -> tuple[Repository, Advisory] | None:
    row = conn.execute(sa.select(repositories).where(repositories.c.id == repo_id)).mappings()
    here = row.one_or_none()
    if here is None:
        return None
    repo = to_repository(here)
    try:
        return repo, find_advisory(conn, repo, name)
    except AdvisoryNotFound:
        return None


def _holders(conn: sa.Connection, repo: Repository, after: int) -> Iterator[int]:
    """Ids of the next users who hold the model, in their order."""
    grants, tags, owners = access_grants.c, repository_tags.c, repositories.c
    granted = sa.select(grants.user_id).where(
        grants.repo_id == repo.id, grants.status == "accepted"
    )
    members = sa.select(memberships.c.user_id).where(memberships.c.org_id.in_(granted))
    took = sa.select(file_downloads.c.user_id).where(file_downloads.c.repo_id == repo.id)
    derived = (
        sa.select(owners.namespace_id)
        .join_from(repositories, repository_tags, tags.repo_id == owners.id)
        .where(tags.tag == f"base_model:{repo.full_name}")
    )
    admins = sa.select(memberships.c.user_id).where(
        memberships.c.org_id.in_(derived), memberships.c.role == "admin"
    )
    held = sa.or_(*(accounts.c.id.in_(ids) for ids in (granted, members, took, derived, admins)))
    query = sa.select(accounts.c.id).where(held, accounts.c.kind == "user", accounts.c.id > after)
    yield from conn.execute(query.order_by(accounts.c.id).limit(_USERS_AT_ONCE)).scalars()


def _notice(repo: Repository, advisory: Advisory) -> NewNotice:
    if advisory.withdrawn_at is not None:
        what = f"the advisory {advisory.name} on {repo.full_name} was withdrawn"
    else:
        what = (
            f"{advisory.name}, {advisory.severity}, on {repo.full_name}: {advisory.title}. "
            f"What to do: {advisory.advice}"
        )
    return NewNotice(f"advisory:{advisory.name}", what, f"/advisories/{advisory.name}")
