"""Liking a repository from its pages, who likes it, and what one likes oneself."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.hub import access
from paddock.hub.access import open_to_change
from paddock.hub.context import HubDep
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.likes import likes
from paddock.hub.paging import MAX_CURSOR_CHARS, Part
from paddock.hub.types import Need
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell
from paddock.web.social.turning import TurnDep

router = page_router()

_PAGE = 50
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)]


@router.post(WEB_REPOSITORY + "/like")
def like(turn: TurnDep, name: RepositoryNameDep) -> Response:
    """Like it, or no longer."""
    with turn.hub.database.write() as conn:
        repo = open_to_change(conn, turn.visitor.caller, name, Need.METADATA)
        user = access.require_writing_token(turn.visitor.caller)
        is_liked = turn.is_wanted(likes.is_liked(conn, repo, user))
        count = (likes.like if is_liked else likes.unlike)(conn, repo, user)
    return turn.go_on(repo.web_path, {"likes": count, "isLiked": is_liked})


@router.get(WEB_REPOSITORY + "/likers")
def likers(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, cursor: Cursor = None
) -> Response:
    """Who likes a repository, the latest first."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "card")
        found = likes.likers(conn, shell.repo, Part(_PAGE, cursor))
    return visitor.show(
        "social/likers.html",
        shell=shell,
        people=found.items,
        next_cursor=found.next_cursor,
        is_first=cursor is None,
    )


@router.get("/likes")
def own_likes(
    request: Request, hub: HubDep, visitor: VisitorDep, cursor: Cursor = None
) -> Response:
    """What the visitor likes, the latest first."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        found = likes.likes_of(conn, visitor.caller, visitor.session.user, Part(_PAGE, cursor))
    return visitor.show(
        "social/likes.html",
        likes=found.items,
        next_cursor=found.next_cursor,
        is_first=cursor is None,
    )
