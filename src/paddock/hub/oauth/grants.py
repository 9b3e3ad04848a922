"""What a person allowed an application, and the tokens that follow from it.

Knows grants, access tokens and refresh tokens. An access token is a row of ``tokens`` like any
other, bounded by what was granted. A refresh token is good once: the answer brings the next one,
and one that comes back a second time was stolen, which ends the grant with everything it gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.oauth.apps import App, app_with_id
from paddock.hub.oauth.failures import InvalidGrant
from paddock.hub.oauth.scopes import to_token_scopes
from paddock.hub.oauth.tables import (
    app_repositories,
    oauth_apps,
    oauth_grants,
    oauth_refresh_tokens,
)
from paddock.hub.people.accounts import to_account
from paddock.hub.people.tokens import Bounds, create_token, digest, new_secret
from paddock.hub.tables import accounts, tokens
from paddock.hub.types import FINE_GRAINED, Account, Caller, Repository

ACCESS_LIFE = timedelta(hours=8)
# The stock client asks for a new token a day before the end.
TRUSTED_ACCESS_LIFE = timedelta(days=30)
REFRESH_LIFE = timedelta(days=90)
ACCESS_PREFIX, REFRESH_PREFIX = "hf_oauth_", "hf_oauth_refresh_"


@dataclass(frozen=True, slots=True)
class Grant:
    """An application, a person, and what the one may do for the other."""

    id: int
    app_id: int
    user: Account
    scope: tuple[str, ...]
    org_ids: tuple[int, ...]


class Issued(NamedTuple):
    """Secrets that are told once."""

    access_token: str
    refresh_token: str
    expires_in_seconds: int


class Granted(NamedTuple):
    """A grant as its user sees it."""

    id: int
    app: App
    scope: tuple[str, ...]


def create_grant(
    conn: sa.Connection, app: App, user: Account, scope: Sequence[str], org_ids: Sequence[int] = ()
) -> Grant:
    """Write down what a person just allowed."""
    values = {
        "app_id": app.id,
        "user_id": user.id,
        "scope": " ".join(scope),
        "org_ids": sorted(org_ids),
        "created_at": clock.now(),
    }
    insert = oauth_grants.insert().values(**values).returning(oauth_grants.c.id)
    note(conn, Act.APPLICATION_ALLOW, account=user, name=app.name, scope=list(scope))
    return Grant(conn.execute(insert).scalar_one(), app.id, user, tuple(scope), tuple(org_ids))


def get_grant(conn: sa.Connection, grant_id: int) -> Grant:
    """The grant of a row's foreign key."""
    query = (
        sa.select(accounts, oauth_grants)
        .join(accounts, accounts.c.id == oauth_grants.c.user_id)
        .where(oauth_grants.c.id == grant_id)
    )
    row, c = conn.execute(query).mappings().one(), oauth_grants.c
    return Grant(
        row[c.id],
        row[c.app_id],
        to_account(row),
        tuple(row[c.scope].split()),
        tuple(row[c.org_ids]),
    )


def issue(conn: sa.Connection, app: App, grant: Grant) -> Issued:
    """A new access token and a new refresh token."""
    life = TRUSTED_ACCESS_LIFE if app.is_trusted else ACCESS_LIFE
    moment = clock.now()
    scopes = None if app.is_trusted else to_token_scopes(grant.scope, grant, app.id)
    access_token = create_token(
        conn,
        grant.user,
        f"oauth-{grant.user.name}",
        "write" if app.is_trusted else FINE_GRAINED,
        Bounds(scopes, moment + life, grant.id, ACCESS_PREFIX),
    )
    refresh_token = new_secret(REFRESH_PREFIX)
    conn.execute(
        oauth_refresh_tokens.insert().values(
            secret_sha256=digest(refresh_token), grant_id=grant.id, expires_at=moment + REFRESH_LIFE
        )
    )
    return Issued(access_token, refresh_token, int(life.total_seconds()))


def refresh(conn: sa.Connection, app: App, refresh_token: str) -> tuple[Grant, Issued] | None:
    """New tokens for a refresh token; raises InvalidGrant. None: it was used before, and the grant
    is gone, which the caller must commit.
    """
    c = oauth_refresh_tokens.c
    query = (
        sa.select(oauth_refresh_tokens, oauth_grants.c.app_id)
        .join(oauth_grants, oauth_grants.c.id == c.grant_id)
        .where(c.secret_sha256 == digest(refresh_token))
        .with_for_update()
    )
    row = conn.execute(query).mappings().one_or_none()
    if row is None or row["app_id"] != app.id or row["expires_at"] <= clock.now():
        raise InvalidGrant("the refresh token is not valid any more: sign in again")
    if row["used_at"] is not None:
        revoke_grant(conn, row["grant_id"])
        return None
    used = oauth_refresh_tokens.update().where(c.secret_sha256 == row["secret_sha256"])
    conn.execute(used.values(used_at=clock.now()))
    grant = get_grant(conn, row["grant_id"])
    return grant, issue(conn, app, grant)


def revoke_grant(conn: sa.Connection, grant_id: int) -> None:
    """End a grant with every token it gave, at once."""
    conn.execute(oauth_grants.delete().where(oauth_grants.c.id == grant_id))
    note(conn, Act.APPLICATION_END, grant=grant_id)


def revoke_secret(conn: sa.Connection, app: App, secret: str) -> None:
    """End the grant of an access or refresh token of this application; nothing for another's."""
    found = digest(secret)
    by_refresh = sa.select(oauth_refresh_tokens.c.grant_id).where(
        oauth_refresh_tokens.c.secret_sha256 == found
    )
    by_access = sa.select(tokens.c.grant_id).where(tokens.c.secret_sha256 == found)
    c = oauth_grants.c
    is_of = sa.or_(c.id.in_(by_refresh), c.id.in_(by_access))
    conn.execute(oauth_grants.delete().where(c.app_id == app.id, is_of))
    note(conn, Act.APPLICATION_END, name=app.name)


def grants_of(conn: sa.Connection, user: Account) -> list[Granted]:
    """What a user allowed applications, newest first."""
    c = oauth_grants.c
    query = sa.select(c.id, c.app_id, c.scope).where(c.user_id == user.id).order_by(c.id.desc())
    return [
        Granted(row.id, app_with_id(conn, row.app_id), tuple(row.scope.split()))
        for row in conn.execute(query)
    ]


def scope_of_token(conn: sa.Connection, caller: Caller) -> frozenset[str] | None:
    """What an OAuth token was granted; None for a token that is not bounded.

    A fine-grained token that came otherwise, such as a CI job's, tells what its scopes say.
    """
    if caller.token is None or caller.token.grant_id is None:
        return None if caller.scopes is None else caller.scopes.profile
    query = sa.select(oauth_grants.c.scope).where(oauth_grants.c.id == caller.token.grant_id)
    return frozenset((conn.scalar(query) or "").split())


def note_repository(conn: sa.Connection, caller: Caller, repo: Repository) -> None:
    """Remember which application made a repository, if one did."""
    if caller.token is None or caller.token.grant_id is None:
        return
    app_id = conn.scalar(
        sa.select(oauth_apps.c.id)
        .join(oauth_grants, oauth_grants.c.app_id == oauth_apps.c.id)
        .where(oauth_grants.c.id == caller.token.grant_id)
    )
    conn.execute(app_repositories.insert().values(repo_id=repo.id, app_id=app_id))
