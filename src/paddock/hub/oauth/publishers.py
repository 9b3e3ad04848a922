"""Trusted publishers: jobs of a CI service that may write to a repository, by what they are.

Knows which claims of a job's ID token must hold for a repository; whether a token is genuine is
``exchange``'s business. All claims that were written down must be there, letter by letter, and the
subject or the repository of the job must be among them: a rule that every job of the service fits
is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.oauth.tables import trusted_publishers
from paddock.hub.types import Account, Repository

MAX_PUBLISHERS = 20  # of one repository
MAX_CLAIMS = 20
MAX_CLAIM_CHARS = 500
# One of these says which job it is; others (ref, environment) only narrow it.
_NAMING = frozenset({"sub", "repository", "repository_id", "project_path", "project_id"})


class PublisherNotFound(NotFound):
    """The repository trusts no such publisher."""

    code = "publisher_not_found"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Jobs that may publish."""

    id: int
    repo_id: int
    user_id: int
    issuer: str
    claims: Mapping[str, str]

    def fits(self, found: Mapping[str, Any]) -> bool:
        """Whether a genuine token is one of such a job."""
        return all(found.get(name) == value for name, value in self.claims.items())


def trust(
    conn: sa.Connection, repo: Repository, user: Account, issuer: str, claims: Mapping[str, str]
) -> Publisher:
    """Let such jobs write to the repository in the user's name; raises BadInput."""
    if not claims.keys() & _NAMING or len(claims) > MAX_CLAIMS:
        raise BadInput(
            "the claims do not say which job it is", hint=f"one of {', '.join(sorted(_NAMING))}"
        )
    for name, value in claims.items():
        if not value or max(len(name), len(value)) > MAX_CLAIM_CHARS or "\0" in name + value:
            raise BadInput(f"the claim {shown(name)} cannot be {shown(value)}")
    if len(publishers_of(conn, repo)) >= MAX_PUBLISHERS:
        raise BadInput(f"{repo.full_name} trusts {MAX_PUBLISHERS} publishers already")
    insert = trusted_publishers.insert().values(
        repo_id=repo.id,
        user_id=user.id,
        issuer=issuer,
        claims=dict(claims),
        created_at=clock.now(),
    )
    note(conn, Act.REPO_PUBLISHERS, repo=repo, account=user, issuer=issuer, text=repr(dict(claims)))
    return _to_publisher(conn.execute(insert.returning(trusted_publishers)).mappings().one())


def publishers_of(conn: sa.Connection, repo: Repository) -> list[Publisher]:
    """Whom the repository trusts, oldest first."""
    c = trusted_publishers.c
    query = sa.select(trusted_publishers).where(c.repo_id == repo.id).order_by(c.id)
    return [_to_publisher(row) for row in conn.execute(query).mappings()]


def distrust(conn: sa.Connection, repo: Repository, publisher_id: int) -> None:
    """Trust such jobs no longer; tokens that they have end within the hour."""
    c = trusted_publishers.c
    gone = trusted_publishers.delete().where(c.repo_id == repo.id, c.id == publisher_id)
    if conn.execute(gone).rowcount == 0:
        raise PublisherNotFound(f"{repo.full_name} trusts no publisher with that id")
    note(conn, Act.REPO_PUBLISHERS, repo=repo, publisher=publisher_id, what="distrust")


def _to_publisher(row: sa.RowMapping) -> Publisher:
    c = trusted_publishers.c
    return Publisher(row[c.id], row[c.repo_id], row[c.user_id], row[c.issuer], row[c.claims])
