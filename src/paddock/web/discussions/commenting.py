"""Comments from a page: looked at before they are sent, written, edited, hidden, and their history.

Reads forms; who may do what is ``hub.discussions.rules``'s. What was not taken is shown again with
what was wrong, so that nobody writes a text twice.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, Conflict, PaddockError, shown
from paddock.hub import access
from paddock.hub.api.discussions import Opened, changing
from paddock.hub.context import Hub, HubDep
from paddock.hub.discussions import comments, contributing, events, rules, texts
from paddock.hub.discussions.rendering import web_path
from paddock.hub.discussions.rules import CommentNotFound
from paddock.hub.discussions.values import Comment, Discussion, Event, Status
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Repository
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions.comment_form import LIST, THREAD, CommentForm, Text, check_target
from paddock.web.discussions.comment_html import shown_comment
from paddock.web.discussions.shown import Eyes, author_name, show_events
from paddock.web.discussions.thread import Asked, open_thread, show_thread
from paddock.web.forms import sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

_COMMENT = THREAD + "/comment/{comment_id:segment}"


@router.post(LIST + "/preview")
def preview(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    form_key: Text = "",
    target: Text = "",
    title: Text = "",
    text: Text = "",
) -> Response:
    """A text as it would be shown, and the form with it once more; nothing is kept."""
    visitor.check_form(form_key)
    visitor.require_user()
    form = CommentForm(check_target(target), text, title)
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "discussions")
        try:
            checked = rules.check_text(text, may_be_empty=True)
            html = texts.render_comment(conn, checked).html
            form = replace(form, preview=shown_comment(html))
        except BadInput as e:
            form = replace(form, problem=sentence(e))
    status_code = 400 if form.problem else 200
    return visitor.show("discussions/preview.html", status_code, shell=shell, form=form)


@router.post(THREAD + "/comment")
def comment(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    form_key: Text = "",
    text: Text = "",
    status: Text = "",
) -> Response:
    """A comment, a new state, or both: the comment says why."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        with changing(hub, visitor.caller, name, num) as opened:
            event = _take_part(visitor.caller, opened, text, status)
    except (BadInput, Conflict) as e:
        return _again(hub, visitor, name, num, text, e)
    return RedirectResponse(_event_path(opened.repo, opened.discussion, event), 303)


@router.get(_COMMENT + "/edit")
def edit_form(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str, comment_id: str
) -> Response:
    """The form in which a comment's author changes it."""
    visitor.require_user()
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        event = events.get_comment(conn, opened.discussion, comment_id)
        rules.require_comment_author(visitor.caller, event)
    form = CommentForm(f"{opened.discussion.num}/comment/{event.public_id}/edit", _comment(event))
    return visitor.show(
        "discussions/edit.html", shell=opened.shell, discussion=opened.discussion, form=form
    )


@router.post(_COMMENT + "/edit")
def edit(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    comment_id: str,
    form_key: Text = "",
    text: Text = "",
) -> Response:
    """Another text for one's own comment; the old one stays in its history."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        with changing(hub, visitor.caller, name, num) as opened:
            event = events.get_comment(opened.conn, opened.discussion, comment_id)
            editor = rules.require_comment_author(visitor.caller, event)
            comments.edit_comment(*opened, event, editor, text)
    except (BadInput, Conflict) as e:
        return _edit_again(hub, visitor, name, num, CommentForm(
            f"{num}/comment/{comment_id.lower()}/edit", text, problem=sentence(e)), e)  # fmt: skip
    return RedirectResponse(_event_path(opened.repo, opened.discussion, event), 303)


@router.get(_COMMENT + "/hide")
def ask_to_hide(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str, comment_id: str
) -> Response:
    """What hiding would take away, for those who may."""
    visitor.require_user()
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        event = events.get_comment(conn, opened.discussion, comment_id)
        rules.require_moderator(conn, visitor.caller, opened.shell.repo, event)
    return visitor.show(
        "discussions/hide.html",
        shell=opened.shell,
        discussion=opened.discussion,
        event=show_events([event], Eyes(visitor.user, may_write=False))[0],
    )


@router.post(_COMMENT + "/hide")
def hide(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    comment_id: str,
    form_key: Text = "",
) -> Response:
    """Take a comment's text away for good."""
    visitor.check_form(form_key)
    visitor.require_user()
    with changing(hub, visitor.caller, name, num) as opened:
        event = events.get_comment(opened.conn, opened.discussion, comment_id)
        hider = rules.require_moderator(opened.conn, visitor.caller, opened.repo, event)
        comments.hide_comment(*opened, event, hider)
    return RedirectResponse(_event_path(opened.repo, opened.discussion, event), 303)


@router.get(_COMMENT + "/history")
def history(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, num: str, comment_id: str
) -> Response:
    """Every version of a comment, newest first; a hidden one has none."""
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        event = events.get_comment(conn, opened.discussion, comment_id)
    comment = event.comment
    if comment is None or comment.is_hidden:
        raise CommentNotFound(f"the comment {shown(comment_id)} is hidden, in every version")
    return visitor.show(
        "discussions/history.html",
        shell=opened.shell,
        discussion=opened.discussion,
        comment_id=event.public_id,
        versions=_versions(comment),
    )


def _take_part(caller: Caller, opened: Opened, text: str, status: str) -> Event:
    """What was sent becomes an event; raises BadInput, Conflict, Forbidden."""
    conn, repo, discussion = opened
    if not status:
        author = access.require_writing_token(caller)
        return comments.add_comment(conn, repo, discussion, author, text).event
    if status not in {Status.OPEN, Status.CLOSED}:
        raise BadInput(f"{shown(status)} is no state of a discussion", hint="use open or closed")
    wanted = Status(status)
    actor = rules.require_author_or_writer(conn, caller, repo, discussion)
    contributing.check_reopening(conn, caller, repo, discussion, wanted)
    return comments.change_status(conn, repo, discussion, actor, wanted, comment=text)


def _again(
    hub: Hub, visitor: Visitor, name: RepositoryName, num: str, text: str, error: PaddockError
) -> Response:
    """The discussion as it is now, with what was written."""
    form = CommentForm(f"{rules.parse_number(num)}/comment", text, problem=sentence(error))
    last = Asked(at="")
    return show_thread(hub, visitor, name, num, last, form, error.status)


def _edit_again(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    num: str,
    form: CommentForm,
    error: PaddockError,
) -> Response:
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
    return visitor.show(
        "discussions/edit.html",
        error.status,
        shell=opened.shell,
        discussion=opened.discussion,
        form=form,
    )


def _event_path(repo: Repository, discussion: Discussion, event: Event) -> str:
    """Where an event is, on whichever page of its discussion."""
    return f"{web_path(repo, discussion)}?at={event.public_id}#{event.public_id}"


def _comment(event: Event) -> str:
    return event.comment.latest.raw if event.comment else ""


def _versions(comment: Comment) -> list[dict[str, object]]:
    every = (*comment.history, comment.latest)
    return [
        {
            "number": number,
            "author": author_name(version.author),
            "when": version.written_at,
            "html": shown_comment(version.html),
        }
        for number, version in reversed(list(enumerate(every, 1)))
    ]
