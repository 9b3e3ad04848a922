"""The page of an organisation's service accounts, for its admins, who make new ones."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import accounts, members, service_accounts
from paddock.hub.types import Account
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.organisations.mine import ROLES as MEMBER_ROLES
from paddock.web.page_routes import page_router

router = page_router()

PAGE = "/organizations/{name:segment}/service-accounts"
ROLES = {role: MEMBER_ROLES[role] for role in service_accounts.ROLES}
_SENTENCES = {"deleted": "The service account is deleted. Its tokens are of no use any more."}


@router.get(PAGE)
def listed(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, done: Done = ""
) -> Response:
    """By name."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, name, done=said(_SENTENCES, done))


@router.post(PAGE)
def make(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    account: Text = "",
    full_name: Text = "",
    role: Text = "",
    form_key: Text = "",
) -> Response:
    """A new one, which has no token yet."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = open_org(conn, visitor, name)
            by = visitor.require_user()
            new = (account.strip(), full_name or None, role)
            made = service_accounts.create(conn, org, *new, by)
    except PaddockError as e:
        given = {"account": account[:100], "full_name": full_name, "role": role}
        return _show(hub, visitor, name, e.status, problem=sentence(e), given=given)
    return back_to(f"/organizations/{org.name}/service-accounts/{made.user.name}", "made")


def open_org(conn: sa.Connection, visitor: Visitor, name: str) -> Account:
    """The organisation, of which the visitor is an admin; raises what ``require_admin`` raises."""
    org = accounts.get_account(conn, name, kind="org")
    members.require_admin(conn, visitor.caller, org)
    return org


def _show(hub: Hub, visitor: Visitor, name: str, status: int = 200, **values: object) -> Response:
    with hub.database.read() as conn:
        org = open_org(conn, visitor, name)
        found = service_accounts.of_org(conn, org)
    return visitor.show(
        "organisations/service_accounts.html",
        status,
        org=org,
        accounts=found,
        roles=ROLES,
        **values,
    )
