"""The page on which a person says who they are: name, words, website, picture, address."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.profiles.pictures import (
    MAX_PICTURE_BYTES,
    avatar_path,
    remove_picture,
    set_picture,
)
from paddock.hub.profiles.profiles import Profile, change_profile, profile_of
from paddock.hub.types import Account
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/profile"
_SENTENCES = {
    "saved": "Your profile is saved.",
    "picture": "Your picture is kept.",
    "drawn": "Your picture is the drawn one again.",
    "proven": "The e-mail address is yours: that is proven.",
}


@router.get("/settings")
def first(request: Request) -> Response:
    """Settings begin with the profile."""
    return RedirectResponse(_PAGE, 303)


@router.get(_PAGE)
def form(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """What others see, in fields."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE)
def save(
    hub: HubDep,
    visitor: VisitorDep,
    full_name: Text = "",
    details: Text = "",
    website: Text = "",
    github: Text = "",
    form_key: Text = "",
) -> Response:
    """Keep all of it, or say which part cannot be kept."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    words: dict[str, str | None] = {"details": details, "website": website, "github": github}
    try:
        with hub.database.write() as conn:
            change_profile(conn, user, {"fullname": full_name, **words})
    except PaddockError as e:
        given = {"full_name": full_name, **words}
        return _show(hub, visitor, e.status, problem=sentence(e), given=given)
    return back_to(_PAGE, "saved")


@router.post(_PAGE + "/picture")
def picture(
    hub: HubDep,
    visitor: VisitorDep,
    picture: Annotated[UploadFile | None, File()] = None,
    drawn: Text = "",
    form_key: Text = "",
) -> Response:
    """A picture of one's own, or the drawn one again."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            keep_picture(conn, user, picture, is_drawn=bool(drawn))
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "drawn" if drawn else "picture")


def keep_picture(
    conn: sa.Connection, account: Account, sent: UploadFile | None, *, is_drawn: bool
) -> None:
    """What a form of pictures sent; raises BadInput. No more is read than may be kept."""
    if is_drawn:
        remove_picture(conn, account)
    else:
        set_picture(conn, account, sent.file.read(MAX_PICTURE_BYTES + 1) if sent else b"")


def fields_of(account: Account, profile: Profile) -> dict[str, str]:
    """What the fields of a profile hold."""
    return {
        "full_name": account.full_name,
        "details": profile.details or "",
        "website": profile.website or "",
        "github": profile.github or "",
    }


def _show(
    hub: Hub,
    visitor: Visitor,
    status: int = 200,
    *,
    given: dict[str, str | None] | None = None,
    **values: object,
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        fields = given or fields_of(user, profile_of(conn, user))
    return visitor.show(
        "account/profile.html", status, fields=fields, picture=avatar_path(user), **values
    )
