"""Who keeps a repository, and is told of what only those may answer: a report, a request.

Those who may write to it and did not say that they watch it no more.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.discussions.threads import people
from paddock.hub.notifications.watching import is_watching
from paddock.hub.tables import accounts, memberships
from paddock.hub.types import Caller, Repository

MAX_MAINTAINERS_TOLD: Final = 200


def maintainers(conn: sa.Connection, repo: Repository) -> set[int]:
    """Their ids, of the first so many."""
    members = sa.select(memberships.c.user_id).where(memberships.c.org_id == repo.namespace_id)
    named = sa.select(collaborators.c.user_id).where(collaborators.c.repo_id == repo.id)
    theirs = sa.or_(accounts.c.id.in_(members), accounts.c.id.in_(named))
    ids = sa.or_(accounts.c.id == repo.namespace_id, theirs)
    query = sa.select(accounts.c.id).where(ids, accounts.c.kind == "user")
    found = conn.execute(query.order_by(accounts.c.id).limit(MAX_MAINTAINERS_TOLD)).scalars()
    return {
        account.id
        for account in people(conn, list(found)).values()
        if access.may_write(conn, Caller(account, None), repo) and is_watching(conn, account, repo)
    }
