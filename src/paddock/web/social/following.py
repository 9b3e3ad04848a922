"""Following people, watching repositories, muting discussions, from the buttons of their pages."""

from __future__ import annotations

from fastapi.responses import Response

from paddock.hub import access
from paddock.hub.access import open_repository
from paddock.hub.discussions import rules, threads
from paddock.hub.discussions.rendering import web_path
from paddock.hub.follows import follows
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.notifications import muting, watching
from paddock.hub.people import accounts
from paddock.hub.types import Need
from paddock.web.discussions.comment_form import THREAD
from paddock.web.page_routes import page_router
from paddock.web.social.turning import TurnDep

router = page_router()


@router.post("/follow/{name:segment}")
def follow(turn: TurnDep, name: str) -> Response:
    """Follow a user or an organisation, or no longer."""
    with turn.hub.database.write() as conn:
        user = access.require_writing_token(turn.visitor.caller)
        followed = accounts.get_account(conn, name)
        is_followed = turn.is_wanted(follows.is_following(conn, user, followed))
        (follows.follow if is_followed else follows.unfollow)(conn, user, followed)
        count = follows.count_followers(conn, followed)
    told = {"isFollowed": is_followed, "followers": count}
    return turn.go_on(f"/{followed.name}", told)


@router.post(WEB_REPOSITORY + "/watch")
def watch(turn: TurnDep, name: RepositoryNameDep) -> Response:
    """Be told of everything in a repository, or no longer."""
    caller = turn.visitor.caller
    with turn.hub.database.write() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        user = access.require_writing_token(caller)
        is_watched = turn.is_wanted(watching.is_watching(conn, user, repo))
        watching.set_watching(conn, caller, "repo", repo.public_id, is_watching=is_watched)
    return turn.go_on(repo.web_path, {"isWatched": is_watched})


@router.post(THREAD + "/mute")
def mute(turn: TurnDep, name: RepositoryNameDep, num: str) -> Response:
    """Hear no more of a discussion, or again."""
    with turn.hub.database.write() as conn:
        repo = open_repository(conn, turn.visitor.caller, name, Need.METADATA)
        user = access.require_writing_token(turn.visitor.caller)
        found = threads.get_discussion(conn, repo, rules.parse_number(num))
        is_muted = turn.is_wanted(muting.is_muted(conn, user, found.id))
        muting.set_muted(conn, user, found, is_muted=is_muted)
    return turn.go_on(web_path(repo, found), {"isMuted": is_muted})
