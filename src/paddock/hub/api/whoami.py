"""Who am I? The first call of every signed-in client (hub protocol 2.1)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import token_scopes
from paddock.hub.people import accounts
from paddock.hub.people.accounts import Membership
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.types import FINE_GRAINED, Account, Caller, Token

router = APIRouter()


@router.get("/api/whoami-v2")
def whoami(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    account = access.require_user(caller)
    told = frozenset({"profile", "email"}) if caller.scopes is None else caller.scopes.profile
    with hub.database.read() as conn:
        orgs = accounts.orgs_of(conn, account) if told & {"profile", "read-memberships"} else []
        auth = _auth(conn, account, caller)
    return {
        "type": "user",
        "id": account.public_id,
        "name": account.name,
        "fullname": account.full_name,
        "email": account.email if "email" in told else None,
        "emailVerified": account.is_email_proven and "email" in told,
        "isPro": False,
        "canPay": False,
        "periodEnd": None,
        "avatarUrl": avatar_path(account),
        "orgs": [_org(membership) for membership in orgs],
        "auth": auth,
    }


def _org(membership: Membership) -> dict[str, Any]:
    return {
        "type": "org",
        "id": membership.org.public_id,
        "name": membership.org.name,
        "fullname": membership.org.full_name,
        "email": None,
        "canPay": False,
        "periodEnd": None,
        "avatarUrl": avatar_path(membership.org),
        "roleInOrg": membership.role,
        "isEnterprise": False,
    }


def _auth(conn: sa.Connection, account: Account, caller: Caller) -> dict[str, Any]:
    """A token that came by OAuth has no name: clients call it after its user."""
    token = caller.token
    if token is None:
        return {"type": "session"}
    ends = {"expiresAt": clock.to_text(token.expires_at)} if token.expires_at else {}
    if token.grant_id is not None:
        return {"type": "oauth", **ends}
    return {"type": "access_token", "accessToken": _token(conn, account, token), **ends}


def _token(conn: sa.Connection, account: Account, token: Token) -> dict[str, Any]:
    """Clients know no role above ``write``; only administrators have more with ``admin``."""
    told = {
        "displayName": token.name,
        "role": "write" if token.role == "admin" else token.role,
        "createdAt": clock.to_text(token.created_at),
        "isAdmin": account.is_admin and token.role == "admin",
    }
    if token.role == FINE_GRAINED and token.scopes is not None:
        told["fineGrained"] = token_scopes.render(conn, token.scopes)
    return told
