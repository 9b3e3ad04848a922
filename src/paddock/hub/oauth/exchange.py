"""A token for a CI job that proves who it is, without a secret kept anywhere (RFC 8693).

Knows resources as clients name them. The token writes to the contents of one repository for an
hour, in the name of the user who trusted the job or of a service account, and never does more than
that user may do then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import lookup, names
from paddock.hub.context import Hub
from paddock.hub.errors import BadName
from paddock.hub.names import RepositoryName
from paddock.hub.oauth.failures import InvalidGrant, InvalidTarget
from paddock.hub.oauth.publishers import publishers_of
from paddock.hub.people import scopes
from paddock.hub.people.accounts import to_account
from paddock.hub.people.scopes import REPOSITORY, Scopes
from paddock.hub.people.service_accounts import ServiceAccountDisabled
from paddock.hub.people.tokens import Bounds, create_token
from paddock.hub.tables import accounts, tokens
from paddock.hub.types import FINE_GRAINED, Kind, Repository

ID_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  (a name)
TOKEN_LIFE = timedelta(hours=1)
TOKEN_PREFIX = "hf_ci_"  # noqa: S105  (what scanners look for)
_TOKEN_NAME = "trusted publisher"  # noqa: S105  (how it is listed)


class Proof(NamedTuple):
    """What a job brings."""

    id_token: str
    resource: str
    audience: str


def exchange(hub: Hub, proof: Proof) -> str:
    """The secret of a new token; raises InvalidGrant, InvalidTarget or IssuerUnavailable."""
    claims = hub.issuers.verify(proof.id_token, proof.audience)
    name = _parse(proof.resource)
    with hub.database.write() as conn:
        repo = lookup.find_repository(conn, name)
        fitting = [
            publisher
            for publisher in (publishers_of(conn, repo) if repo else [])
            if publisher.issuer == str(claims["iss"]).rstrip("/") and publisher.fits(claims)
        ]
        # The same answer for a repository that is not there: jobs are strangers.
        if repo is None or not fitting:
            raise InvalidTarget(f"no trusted publisher of {name.full} fits this job")
        return _issue(conn, repo, fitting[0].user_id)


def _issue(conn: sa.Connection, repo: Repository, user_id: int) -> str:
    found = conn.execute(sa.select(accounts).where(accounts.c.id == user_id)).mappings().one()
    user, moment = to_account(found), clock.now()
    c = tokens.c
    ended = tokens.delete().where(
        c.user_id == user.id, c.name == _TOKEN_NAME, c.expires_at <= moment
    )
    conn.execute(ended)
    held = frozenset({scopes.READ, scopes.WRITE_CONTENT})
    bounds = Bounds(
        Scopes(on={(REPOSITORY, repo.id): held}, profile=frozenset()),
        moment + TOKEN_LIFE,
        prefix=TOKEN_PREFIX,
    )
    try:
        return create_token(conn, user, _TOKEN_NAME, FINE_GRAINED, bounds)
    except ServiceAccountDisabled as e:
        raise InvalidGrant(e.message) from e


def _parse(resource: str) -> RepositoryName:
    kind, rest = Kind.MODEL, resource
    for other in Kind:
        if other.url_prefix and resource.startswith(other.url_prefix):
            kind, rest = other, resource.removeprefix(other.url_prefix)
    try:
        return names.parse_repository_name(kind, rest)
    except BadName as e:
        raise InvalidTarget(f"{e.message}: only repositories have trusted publishers here") from e
