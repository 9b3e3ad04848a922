"""Users and organisations over HTTP (hub protocol 2.5). Numbers count what the caller may see."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from paddock import clock
from paddock.errors import Forbidden
from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.follows import follows
from paddock.hub.http.paged import asked_part, paged
from paddock.hub.people import accounts, members
from paddock.hub.profiles import overview
from paddock.hub.profiles.storage import stored_page
from paddock.hub.types import Account, Caller

router = APIRouter()


@router.get("/api/users/{name:segment}/overview")
def user_overview(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    with hub.database.read() as conn:
        user = accounts.get_account(conn, name, kind="user")
        return overview.user_overview(conn, caller, user)


@router.get("/api/organizations/{name:segment}/overview")
def org_overview(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        return overview.org_overview(conn, caller, org)


@router.get("/api/organizations/{name:segment}/members")
def org_members(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        page = members.list_members(conn, org, part)
    found = paged(request, response, hub, page)
    return [{**overview.render_user(member.user), "role": member.role} for member in found]


@router.get("/api/users/{name:segment}/followers")
def followers_of_a_user(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    return _followers(request, response, hub, name, "user")


@router.get("/api/organizations/{name:segment}/followers")
def followers_of_an_organization(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    return _followers(request, response, hub, name, "org")


@router.get("/api/users/{name:segment}/following")
def followed_by_a_user(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        user = accounts.get_account(conn, name, kind="user")
        page = follows.following(conn, user, "user", part)
    return [overview.render_user(found) for found in paged(request, response, hub, page)]


@router.post("/api/users/{name:segment}/follow")
def follow_user(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    return _follow(hub, caller, name, "user", wanted=True)


@router.delete("/api/users/{name:segment}/follow")
def unfollow_user(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    return _follow(hub, caller, name, "user", wanted=False)


@router.post("/api/organizations/{name:segment}/follow")
def follow_organization(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    return _follow(hub, caller, name, "org", wanted=True)


@router.delete("/api/organizations/{name:segment}/follow")
def unfollow_organization(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    return _follow(hub, caller, name, "org", wanted=False)


@router.get("/api/settings/repositories")
def own_repositories(
    request: Request, response: Response, hub: HubDep, caller: CallerDep
) -> list[dict[str, Any]]:
    return _storage(request, response, hub, caller, access.require_user(caller))


@router.get("/api/organizations/{name:segment}/settings/repositories")
def org_repositories(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    user = access.require_user(caller)
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        if accounts.role_in(conn, org.id, user) is None and not access.is_site_admin(caller):
            raise Forbidden(f"only members of {org.name} see its storage")
    return _storage(request, response, hub, caller, org)


def _followers(
    request: Request, response: Response, hub: Hub, name: str, kind: str
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        account = accounts.get_account(conn, name, kind=kind)
        page = follows.followers(conn, account, part)
    return [overview.render_user(found) for found in paged(request, response, hub, page)]


def _follow(hub: Hub, caller: Caller, name: str, kind: str, *, wanted: bool) -> dict[str, Any]:
    with hub.database.write() as conn:
        me = access.require_writing_token(caller)
        account = accounts.get_account(conn, name, kind=kind)
        if wanted:
            follows.follow(conn, me, account)
        else:
            follows.unfollow(conn, me, account)
        count = follows.count_followers(conn, account)
    return {"isFollowing": wanted, "numFollowers": count}


def _storage(
    request: Request, response: Response, hub: Hub, caller: Caller, namespace: Account
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        page = stored_page(conn, caller, namespace, part)
    return [
        {
            "id": found.full_name,
            "type": str(found.kind),
            "updatedAt": clock.to_text(found.updated_at),
            "visibility": "private" if found.is_private else "public",
            "storage": found.size_bytes,
            "storagePercent": found.percent,
        }
        for found in paged(request, response, hub, page)
    ]
