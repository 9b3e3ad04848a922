"""The page of a user or an organisation: what they say, what they have here, who belongs there."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.hub.catalogue.filters import Wanted
from paddock.hub.catalogue.listing import Listing, count_by_kind, list_repositories
from paddock.hub.collections import listing as collections
from paddock.hub.context import HubDep
from paddock.hub.follows import follows
from paddock.hub.paging import Part
from paddock.hub.people import accounts, members, service_accounts
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.profiles.profiles import profile_of
from paddock.hub.types import Account, Caller, Kind
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.lists.asked import AUTHOR, quoted
from paddock.web.lists.rows import Row, row_of
from paddock.web.page_routes import page_router

router = page_router()

ON_A_SHELF = 8
COLLECTIONS_SHOWN = 12
MEMBERS_SHOWN = 60


class Owned(NamedTuple):
    """Repositories of a kind: the first of them, how many there are, where all are."""

    title: str
    rows: list[Row]
    number: int
    more: str


@router.get("/{account:segment}")
def person(hub: HubDep, visitor: VisitorDep, account: str) -> Response:
    """Whoever has the name; raises AccountNotFound."""
    with hub.database.read() as conn:
        found = accounts.get_account(conn, account)
        values = _told(conn, visitor, found)
    return visitor.show("lists/person.html", **values)


def _told(conn: sa.Connection, visitor: Visitor, account: Account) -> dict[str, Any]:
    caller = visitor.caller
    asked = collections.Listing(owners=(account.name,))
    part = Part(COLLECTIONS_SHOWN)
    return {
        "account": account,
        "picture": avatar_path(account),
        "profile": profile_of(conn, account),
        "owned": _owned(conn, caller, account),
        "collections": collections.list_collections(conn, caller, asked, part).items,
        "followers": follows.count_followers(conn, account),
        "is_followed": visitor.user is not None
        and follows.is_following(conn, visitor.user, account),
        "is_self": visitor.user is not None and visitor.user.id == account.id,
        **_belonging(conn, account),
    }


def _owned(conn: sa.Connection, caller: Caller, account: Account) -> list[Owned]:
    counts = count_by_kind(conn, caller, account)
    found = []
    for kind, count in counts.items():
        if count:
            wanted = Wanted(kind, author=account.name)
            listing = Listing(wanted, "lastModified", limit=ON_A_SHELF)
            rows = [row_of(repo) for repo in list_repositories(conn, caller, listing).items]
            more = f"/{kind}s?{AUTHOR}={quoted(account.name)}" if count > len(rows) else ""
            found.append(Owned(f"{Kind(kind).capitalize()}s", rows, count, more))
    return found


def _belonging(conn: sa.Connection, account: Account) -> dict[str, Any]:
    """An organisation's members, or a user's organisations."""
    if account.kind == "org":
        people = members.list_members(conn, account, Part(MEMBERS_SHOWN)).items
        return {
            "belonging": [(one.user, one.role) for one in people],
            "belonging_count": members.count_members(conn, account),
            "owner": None,
        }
    orgs = accounts.orgs_of(conn, account)
    return {
        "belonging": [(one.org, one.role) for one in orgs],
        "belonging_count": len(orgs),
        "owner": service_accounts.owner_of(conn, account),
    }
