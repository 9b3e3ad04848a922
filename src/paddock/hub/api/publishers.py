"""Trusted publishers of a repository over HTTP: which jobs of a CI service may write to it.

Needs the right to the repository itself, with a token of its owner's own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock.errors import BadInput, Forbidden, shown
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.oauth import publishers
from paddock.hub.oauth.publishers import Publisher
from paddock.hub.people import members, service_accounts
from paddock.hub.people.accounts import get_account
from paddock.hub.tables import accounts
from paddock.hub.types import Need

router = APIRouter()

_PUBLISHERS = API_REPOSITORY + "/trusted-publishers"


class PublisherBody(BaseModel):
    issuer: str = Field(max_length=500)
    claims: dict[str, str] = Field(max_length=publishers.MAX_CLAIMS)
    account: str | None = Field(default=None, max_length=200)  # a service account's name


@router.get(_PUBLISHERS)
def list_publishers(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> list[dict[str, Any]]:
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.OWN)
        return [_shown(conn, one) for one in publishers.publishers_of(conn, repo)]


@router.post(_PUBLISHERS)
def trust(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: PublisherBody
) -> dict[str, Any]:
    """Let such jobs write to the repository, in the caller's name or a service account's."""
    issuer = body.issuer.rstrip("/")
    if issuer not in hub.issuers.trusted:
        hint = "an administrator names issuers in the setting trusted_issuers"
        raise BadInput(f"this hub does not trust the issuer {shown(issuer)}", hint=hint)
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        user = access.require_writing_token(caller)
        if caller.scopes is not None:  # what is trusted outlives the token
            raise Forbidden(
                "fine-grained tokens cannot trust publishers", hint="use a token of role 'write'"
            )
        if body.account is not None:
            org = get_account(conn, repo.namespace, kind="org")
            members.require_admin(conn, caller, org)
            user = service_accounts.get(conn, org, body.account).user
        return _shown(conn, publishers.trust(conn, repo, user, issuer, body.claims))


@router.delete(_PUBLISHERS + "/{publisher_id:segment}")
def distrust(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, publisher_id: str
) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        is_number = publisher_id.isascii() and publisher_id.isdigit() and len(publisher_id) < 19
        publishers.distrust(conn, repo, int(publisher_id) if is_number else 0)
    return {}


def _shown(conn: sa.Connection, one: Publisher) -> dict[str, Any]:
    """``account`` is in whose name such jobs write."""
    name = conn.scalar(sa.select(accounts.c.name).where(accounts.c.id == one.user_id))
    told = {"id": str(one.id), "issuer": one.issuer, "claims": dict(one.claims)}
    return {**told, "account": name}
