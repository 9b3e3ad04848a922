"""Who was let into a gated repository.

Knows the rows; what a gate keeps back is ``access``'s business.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.errors import AlreadyExists
from paddock.hub.people.accounts import new_public_id
from paddock.hub.tables import access_grants
from paddock.hub.types import Account, Repository


def grant(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Let a user in, whether or not they asked; raises AlreadyExists for one who is in."""
    if repo.gated is None:
        raise BadInput(f"{repo.full_name} is not gated: everyone who sees it reads it")
    if user.kind != "user":
        raise BadInput(f"{user.name} is an organization: access is granted to users")
    status = access.grant_status(conn, repo, user)
    if status == "accepted":
        raise AlreadyExists(f"{user.name} already has access to {repo.full_name}")
    if status is not None:
        conn.execute(
            access_grants.update()
            .where(access_grants.c.repo_id == repo.id, access_grants.c.user_id == user.id)
            .values(status="accepted")
        )
        return
    conn.execute(
        access_grants.insert().values(
            repo_id=repo.id,
            user_id=user.id,
            public_id=new_public_id(),
            status="accepted",
            created_at=clock.now(),
            is_email_shared=False,
        )
    )
