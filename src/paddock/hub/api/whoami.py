"""Who am I? The first call of every signed-in client (hub protocol 2.1)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.people import accounts
from paddock.hub.people.accounts import Membership
from paddock.hub.types import Account, Token

router = APIRouter()


@router.get("/api/whoami-v2")
def whoami(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    account = access.require_user(caller)
    with hub.database.read() as conn:
        orgs = accounts.orgs_of(conn, account)
    return {
        "type": "user",
        "id": account.public_id,
        "name": account.name,
        "fullname": account.full_name,
        "email": account.email,
        "emailVerified": account.email is not None,
        "isPro": False,
        "canPay": False,
        "periodEnd": None,
        "avatarUrl": "",
        "orgs": [_org(membership) for membership in orgs],
        "auth": {"type": "access_token", "accessToken": _token(account, caller.token)},
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
        "avatarUrl": "",
        "roleInOrg": membership.role,
        "isEnterprise": False,
    }


def _token(account: Account, token: Token | None) -> dict[str, Any] | None:
    """Clients know no role above ``write``; only administrators have more with ``admin``."""
    if token is None:
        return None
    return {
        "displayName": token.name,
        "role": "write" if token.role == "admin" else token.role,
        "createdAt": clock.to_text(token.created_at),
        "isAdmin": account.is_admin and token.role == "admin",
    }
