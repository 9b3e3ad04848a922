"""Likes over HTTP (hub protocol 12)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paged import asked_part, paged
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.likes import likes
from paddock.hub.people import accounts
from paddock.hub.profiles.overview import render_user
from paddock.hub.types import Need

router = APIRouter()


@router.post(API_REPOSITORY + "/like")
def like(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        user = access.require_writing_token(caller)
        return {"likes": likes.like(conn, repo, user), "isLikedByUser": True}


@router.delete(API_REPOSITORY + "/like")
def unlike(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        user = access.require_writing_token(caller)
        return {"likes": likes.unlike(conn, repo, user), "isLikedByUser": False}


@router.get(API_REPOSITORY + "/likers")
def likers(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        page = likes.likers(conn, repo, part)
    return [render_user(user) for user in paged(request, response, hub, page)]


@router.get("/api/users/{name:segment}/likes")
def likes_of_a_user(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: str
) -> list[dict[str, Any]]:
    part = asked_part(request)
    with hub.database.read() as conn:
        user = accounts.get_account(conn, name, kind="user")
        page = likes.likes_of(conn, caller, user, part)
    return [
        {
            "createdAt": clock.to_text(found.created_at),
            "repo": {"name": found.full_name, "type": str(found.kind)},
        }
        for found in paged(request, response, hub, page)
    ]
