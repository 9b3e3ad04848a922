"""The page on which an admin says what an organisation is, renames it, or ends it."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import File, Request, UploadFile
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import accounts, members
from paddock.hub.people.leaving import delete_account, rename_account
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.profiles.profiles import change_profile, profile_of
from paddock.hub.tables import repositories
from paddock.hub.types import Account
from paddock.web.account.identity import require_typed
from paddock.web.account.profile import fields_of, keep_picture
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/organizations/{name:segment}/settings"
_SENTENCES = {
    "saved": "The profile is saved.",
    "picture": "The picture is kept.",
    "drawn": "The picture is the drawn one again.",
    "renamed": "That is its name from now on.",
}


@router.get(_PAGE)
def form(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, done: Done = ""
) -> Response:
    """All of the forms, for its admins."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, name, done=said(_SENTENCES, done))


@router.post(_PAGE)
def save(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    full_name: Text = "",
    details: Text = "",
    website: Text = "",
    github: Text = "",
    form_key: Text = "",
) -> Response:
    """What the organisation says of itself."""
    visitor.check_form(form_key)
    words: dict[str, str | None] = {"details": details, "website": website, "github": github}
    try:
        with hub.database.write() as conn:
            org = _open(conn, visitor, name)
            change_profile(conn, org, {"fullname": full_name, **words})
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/settings", "saved")


@router.post(_PAGE + "/picture")
def picture(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    picture: Annotated[UploadFile | None, File()] = None,
    drawn: Text = "",
    form_key: Text = "",
) -> Response:
    """A picture of its own, or the drawn one again."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = _open(conn, visitor, name)
            keep_picture(conn, org, picture, is_drawn=bool(drawn))
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/settings", "drawn" if drawn else "picture")


@router.post(_PAGE + "/rename")
def rename(
    hub: HubDep, visitor: VisitorDep, name: str, new_name: Text = "", form_key: Text = ""
) -> Response:
    """Another name; every old address leads to the new one."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = rename_account(conn, _open(conn, visitor, name), new_name.strip())
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/settings", "renamed")


@router.post(_PAGE + "/delete")
def delete(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    typed: Text = "",
    with_repositories: Text = "",
    form_key: Text = "",
) -> Response:
    """No organisation any more; whoever ends it alone may have its name again."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            org = _open(conn, visitor, name)
            require_typed(typed, org.name)
            delete_account(conn, org, with_repositories=bool(with_repositories), keeper=user)
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to("/settings/organisations", "deleted")


def _open(conn: sa.Connection, visitor: Visitor, name: str) -> Account:
    """The organisation; raises AccountNotFound, Unauthorized, or Forbidden for other people."""
    org = accounts.get_account(conn, name, kind="org")
    members.require_admin(conn, visitor.caller, org)
    return org


def _show(hub: Hub, visitor: Visitor, name: str, status: int = 200, **values: object) -> Response:
    with hub.database.read() as conn:
        org = _open(conn, visitor, name)
        fields = fields_of(org, profile_of(conn, org))
        owned = sa.select(sa.func.count()).where(repositories.c.namespace_id == org.id)
        many = conn.scalar(owned)
    return visitor.show(
        "organisations/settings.html",
        status,
        org=org,
        fields=fields,
        picture=avatar_path(org),
        repositories=many,
        **values,
    )
