"""The page of the organisations that a person belongs to."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from paddock.hub.access import is_site_admin
from paddock.hub.context import HubDep
from paddock.hub.people.accounts import orgs_of
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.forms import Done, said
from paddock.web.page_routes import page_router

router = page_router()

PAGE = "/settings/organisations"
_SENTENCES = {"left": "You have left it.", "deleted": "The organisation is deleted."}
# What a role is called, and what it lets its members do.
ROLES: Final = {
    "admin": "admin: everything, members and settings too",
    "write": "write: to every repository",
    "contributor": "contributor: to what they made themselves",
    "read": "read: also what is private",
    "no_access": "no access of their own: only by resource groups",
}


@router.get(PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """Each with the person's role."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        found = orgs_of(conn, visitor.session.user)
    return visitor.show(
        "organisations/mine.html",
        memberships=found,
        words=ROLES,
        may_make=hub.organizations_by == "users" or is_site_admin(visitor.caller),
        done=said(_SENTENCES, done),
    )
