"""Who somebody is, as OpenID Connect tells it: one form for ID tokens and ``/oauth/userinfo``.

Tells what the person allowed to be told. Knows no route.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.people import accounts
from paddock.hub.people.accounts import Membership
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.types import Account


def claims(
    conn: sa.Connection, base_url: str, user: Account, scope: frozenset[str] | None
) -> dict[str, Any]:
    """What may be told of a user to an application with this scope; None: to the user's own."""
    told: dict[str, Any] = {"sub": user.public_id, "isPro": False, "orgs": []}
    if scope is None or "profile" in scope:
        told |= {
            "name": user.full_name,
            "preferred_username": user.name,
            "profile": f"{base_url}/{user.name}",
            "picture": avatar_url(base_url, user),
            "website": "",
            "canPay": False,
        }
    if (scope is None or "email" in scope) and user.email is not None:
        told |= {"email": user.email, "email_verified": user.is_email_proven}
    if scope is None or scope & {"profile", "read-memberships"}:
        told["orgs"] = [_org(base_url, membership) for membership in accounts.orgs_of(conn, user)]
    return told


def avatar_url(base_url: str, account: Account) -> str:
    """Where a picture of the account is."""
    return base_url + avatar_path(account)


def _org(base_url: str, membership: Membership) -> dict[str, Any]:
    return {
        "sub": membership.org.public_id,
        "name": membership.org.full_name,
        "preferred_username": membership.org.name,
        "picture": avatar_url(base_url, membership.org),
        "isEnterprise": False,
        "canPay": False,
        "roleInOrg": membership.role,
    }
