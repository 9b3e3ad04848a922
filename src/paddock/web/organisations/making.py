"""The page on which a person makes an organisation."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from paddock.errors import Forbidden, PaddockError
from paddock.hub.access import is_site_admin
from paddock.hub.context import HubDep
from paddock.hub.names import MAX_ACCOUNT_CHARS, MIN_ACCOUNT_CHARS
from paddock.hub.people.accounts import create_org
from paddock.hub.profiles.profiles import change_profile
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Text, back_to, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/organizations/new"


@router.get(_PAGE)
def form(request: Request, visitor: VisitorDep) -> Response:
    """The form."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(visitor, {})


@router.post(_PAGE)
def make(
    hub: HubDep,
    visitor: VisitorDep,
    name: Text = "",
    full_name: Text = "",
    details: Text = "",
    private_by_default: Text = "",
    form_key: Text = "",
) -> Response:
    """A new organisation, with whoever makes it as its admin."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        if hub.organizations_by == "admins" and not is_site_admin(visitor.caller):
            raise Forbidden("on this hub only administrators make organizations")
        with hub.database.write() as conn:
            org = create_org(
                conn,
                name.strip(),
                owner=user,
                full_name=full_name or None,
                private_by_default=bool(private_by_default),
            )
            change_profile(conn, org, {"details": details})
    except PaddockError as e:
        given = {"name": name[:100], "full_name": full_name, "details": details}
        return _show(visitor, given, e.status, sentence(e))
    return back_to(f"/organizations/{org.name}/members", "made")


def _show(
    visitor: Visitor, given: dict[str, str], status: int = 200, problem: str | None = None
) -> Response:
    chars = (MIN_ACCOUNT_CHARS, MAX_ACCOUNT_CHARS)
    return visitor.show(
        "organisations/new.html", status, given=given, problem=problem, name_chars=chars
    )
