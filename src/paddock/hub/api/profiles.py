"""What accounts say of themselves, and their pictures, over HTTP.

A picture is sent to whoever asks with a policy that runs nothing in it, wherever it is opened.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.http.receiving import receive_all
from paddock.hub.people import accounts, members
from paddock.hub.profiles import pictures
from paddock.hub.profiles.profiles import change_profile, profile_of
from paddock.hub.types import Account, Caller

router = APIRouter()

_SHOWN_SECONDS = 300


class ProfileBody(BaseModel):
    fullname: str | None = None
    details: str | None = None
    website: str | None = None
    github: str | None = None


@router.get("/api/settings/profile")
def own_profile(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    user = access.require_user(caller)
    with hub.database.read() as conn:
        return {"fullname": user.full_name, **asdict(profile_of(conn, user))}


@router.patch("/api/settings/profile")
def change_own_profile(hub: HubDep, caller: CallerDep, body: ProfileBody) -> dict[str, Any]:
    with hub.database.write() as conn:
        return _change(conn, access.require_writing_token(caller), body)


@router.patch("/api/organizations/{name:segment}/settings/profile")
def change_organizations_profile(
    hub: HubDep, caller: CallerDep, name: str, body: ProfileBody
) -> dict[str, Any]:
    with hub.database.write() as conn:
        org = accounts.get_account(conn, name, kind="org")
        members.require_admin(conn, caller, org)
        return _change(conn, org, body)


@router.put("/api/settings/avatar")
async def set_own_picture(request: Request, hub: HubDep, caller: CallerDep) -> dict[str, str]:
    content = await receive_all(request, pictures.MAX_PICTURE_BYTES)
    return await run_in_threadpool(_set_picture, hub, caller, None, content)


@router.delete("/api/settings/avatar")
def remove_own_picture(hub: HubDep, caller: CallerDep) -> dict[str, str]:
    return _set_picture(hub, caller, None, None)


@router.put("/api/organizations/{name:segment}/avatar")
async def set_organizations_picture(
    request: Request, hub: HubDep, caller: CallerDep, name: str
) -> dict[str, str]:
    content = await receive_all(request, pictures.MAX_PICTURE_BYTES)
    return await run_in_threadpool(_set_picture, hub, caller, name, content)


@router.delete("/api/organizations/{name:segment}/avatar")
def remove_organizations_picture(hub: HubDep, caller: CallerDep, name: str) -> dict[str, str]:
    return _set_picture(hub, caller, name, None)


@router.get("/api/users/{name:segment}/avatar")
def users_picture(request: Request, hub: HubDep, name: str) -> Response:
    return _where(request, hub, name, "user")


@router.get("/api/organizations/{name:segment}/avatar")
def organizations_picture(request: Request, hub: HubDep, name: str) -> Response:
    return _where(request, hub, name, "org")


@router.get("/avatars/{public_id:segment}")
def picture(request: Request, hub: HubDep, public_id: str) -> Response:
    with hub.database.read() as conn:
        found = pictures.picture_of(conn, public_id)
    headers = {
        "ETag": f'"{found.etag}"',
        "Cache-Control": f"public, max-age={_SHOWN_SECONDS}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _change(conn: sa.Connection, account: Account, body: ProfileBody) -> dict[str, Any]:
    named = body.model_dump(include=body.model_fields_set)
    profile = change_profile(conn, account, named)
    now = accounts.get_account(conn, account.name)
    return {"fullname": now.full_name, **asdict(profile)}


def _set_picture(
    hub: Hub, caller: Caller, org_name: str | None, content: bytes | None
) -> dict[str, str]:
    with hub.database.write() as conn:
        account = access.require_writing_token(caller)
        if org_name is not None:
            account = accounts.get_account(conn, org_name, kind="org")
            members.require_admin(conn, caller, account)
        if content is None:
            pictures.remove_picture(conn, account)
        else:
            pictures.set_picture(conn, account, content)
    return {"avatarUrl": pictures.avatar_path(account)}


def _where(request: Request, hub: Hub, name: str, kind: str) -> Response:
    """The picture's address; whoever wants an image, as ``<img>`` does, is sent there."""
    with hub.database.read() as conn:
        path = pictures.avatar_path(accounts.get_account(conn, name, kind=kind))
    if request.headers.get("sec-fetch-dest") == "image":
        return RedirectResponse(path, 302)
    return Response(f'{{"avatarUrl":"{path}"}}', media_type="application/json")
