"""Following users and organisations, and watching repositories, from the buttons of their pages."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from paddock.hub import access
from paddock.hub.access import open_repository
from paddock.hub.context import HubDep
from paddock.hub.follows import follows
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.notifications import watching
from paddock.hub.people import accounts
from paddock.hub.types import Need
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text
from paddock.web.page_routes import page_router
from paddock.web.social.turning import go_on, is_wanted

router = page_router()


@router.post("/follow/{name:segment}")
def follow(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    form_key: Text = "",
    wanted: Text = "",
    next: Text = "",
) -> Response:
    """Follow a user or an organisation, or no longer."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        user = access.require_writing_token(visitor.caller)
        followed = accounts.get_account(conn, name)
        is_followed = is_wanted(wanted, follows.is_following(conn, user, followed))
        (follows.follow if is_followed else follows.unfollow)(conn, user, followed)
        count = follows.count_followers(conn, followed)
    told = {"isFollowed": is_followed, "followers": count}
    return go_on(request, next, f"/{followed.name}", told)


@router.post(WEB_REPOSITORY + "/watch")
def watch(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    form_key: Text = "",
    wanted: Text = "",
    next: Text = "",
) -> Response:
    """Be told of everything in a repository, or no longer."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        repo = open_repository(conn, visitor.caller, name, Need.METADATA)
        user = access.require_writing_token(visitor.caller)
        is_watched = is_wanted(wanted, watching.is_watching(conn, user, repo))
        watching.set_watching(conn, visitor.caller, "repo", repo.public_id, is_watching=is_watched)
    return go_on(request, next, repo.web_path, {"isWatched": is_watched})
