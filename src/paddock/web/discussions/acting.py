"""What else people do with a discussion: title, pin, merge, let go of commits, delete it.

Reads forms; the rules are ``hub.discussions.rules``'s. What does not fit the state that it is in is
said on the discussion's own page.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, Conflict
from paddock.hub.api.discussions import Opened, changing
from paddock.hub.context import Hub, HubDep
from paddock.hub.discussions import comments, events, pull_requests, rules, threads
from paddock.hub.discussions.rendering import web_path
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions.comment_form import THREAD, CommentForm, Text
from paddock.web.discussions.thread import Asked, open_thread, show_thread
from paddock.web.forms import sentence
from paddock.web.page_routes import page_router

router = page_router()


@router.post(THREAD + "/title")
def rename(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    form_key: Text = "",
    title: Text = "",
) -> Response:
    """Another title."""

    def change(opened: Opened) -> None:
        conn, repo, discussion = opened
        actor = rules.require_author_or_writer(conn, visitor.caller, repo, discussion)
        if rules.check_title(title) != discussion.title:
            comments.rename(conn, repo, discussion, actor, title)

    return _change(hub, visitor, name, num, form_key, change)


@router.post(THREAD + "/pin")
def pin(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    form_key: Text = "",
    wanted: Text = "1",
) -> Response:
    """Let it stand before the others, or no longer."""

    def change(opened: Opened) -> None:
        actor = rules.require_writer(opened.conn, visitor.caller, opened.repo)
        comments.set_pinned(*opened, actor, wanted == "1")

    return _change(hub, visitor, name, num, form_key, change)


@router.post(THREAD + "/merge")
def merge(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    form_key: Text = "",
    text: Text = "",
) -> Response:
    """Take what a pull request proposes into its base branch, and say something to it."""

    def change(opened: Opened) -> None:
        merger = rules.require_writer(opened.conn, visitor.caller, opened.repo)
        pull_requests.merge(*opened, merger, comment=text)

    return _change(hub, visitor, name, num, form_key, change)


@router.post(THREAD + "/delete-commits")
def delete_commits(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str, form_key: Text = ""
) -> Response:
    """Let go of the commits of a pull request that is over."""

    def change(opened: Opened) -> None:
        conn, repo, discussion = opened
        actor = rules.require_author_or_writer(conn, visitor.caller, repo, discussion)
        pull_requests.delete_commits(conn, repo, discussion, actor)

    return _change(hub, visitor, name, num, form_key, change)


@router.get(THREAD + "/delete")
def ask_to_delete(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str) -> Response:
    """What deleting would take away, for those who may."""
    visitor.require_user()
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        rules.require_writer(conn, visitor.caller, opened.shell.repo)
    return visitor.show("discussions/delete.html", shell=opened.shell, discussion=opened.discussion)


@router.post(THREAD + "/delete")
def delete(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str, form_key: Text = ""
) -> Response:
    """Forget a discussion, and the ref of a pull request."""
    visitor.check_form(form_key)
    visitor.require_user()
    with changing(hub, visitor.caller, name, num) as (conn, repo, discussion):
        actor = rules.require_writer(conn, visitor.caller, repo)
        events.announce(conn, repo, discussion, actor, None, "delete")
        ref_oid = threads.delete_discussion(conn, repo, discussion)
        if ref_oid is not None:
            refs_moved(conn, repo, actor, [RefChange(discussion.git_ref, ref_oid, None)])
    return RedirectResponse(f"{repo.web_path}/discussions", 303)


def _change(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    num: str,
    form_key: str,
    change: Callable[[Opened], None],
) -> Response:
    """Do it, and back to the discussion; or the discussion with why it was not done."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        with changing(hub, visitor.caller, name, num) as opened:
            change(opened)
    except (BadInput, Conflict) as e:
        form = CommentForm(f"{rules.parse_number(num)}/comment", problem=sentence(e))
        return show_thread(hub, visitor, name, num, Asked(), form, e.status)
    return RedirectResponse(web_path(opened.repo, opened.discussion), 303)
