"""A new discussion, and the ways to a new pull request: files in the browser, a draft, commands.

Reads forms; who may open what is ``hub.discussions``'s. A pull request with files is begun on the
page for uploading them.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.access import open_to_change
from paddock.hub.context import HubDep
from paddock.hub.discussions import comments, contributing, pull_requests
from paddock.hub.discussions.contributing import TooManyOpen
from paddock.hub.discussions.rendering import web_path
from paddock.hub.discussions.values import Discussion
from paddock.hub.errors import RevisionNotFound
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.types import Caller, Need, Repository
from paddock.web.browser import VisitorDep
from paddock.web.discussions.commands import to_propose
from paddock.web.discussions.comment_form import LIST, CommentForm, Text
from paddock.web.forms import sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

_KINDS = {"discussion", "pull_request"}


@router.get(LIST + "/new")
def show_form(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, type: str = ""
) -> Response:
    """The form for a discussion, or the ways to a pull request."""
    visitor.require_user()
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "discussions")
    return visitor.show(
        "discussions/new.html",
        shell=shell,
        form=CommentForm("new"),
        is_pull_request=type == "pull_request",
        commands=to_propose(shell.repo),
    )


@router.post(LIST + "/new")
def open_new(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    form_key: Text = "",
    type: Text = "discussion",
    title: Text = "",
    text: Text = "",
) -> Response:
    """A discussion with its first comment, or the draft of a pull request."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        if type not in _KINDS:
            raise BadInput("neither a discussion nor a pull request was asked for")
        with hub.database.write() as conn:
            repo = open_to_change(conn, visitor.caller, name, Need.METADATA)
            opening = _open_draft if type == "pull_request" else _open_discussion
            made = opening(conn, visitor.caller, repo, title, text)
    except (BadInput, TooManyOpen, RevisionNotFound) as e:
        form = replace(CommentForm("new", text, title), problem=sentence(e))
        with hub.database.read() as conn:
            shell = open_shell(hub, conn, visitor, name, "discussions")
        return visitor.show(
            "discussions/new.html",
            e.status,
            shell=shell,
            form=form,
            is_pull_request=type == "pull_request",
            commands=to_propose(shell.repo),
        )
    return RedirectResponse(web_path(repo, made), 303)


def _open_discussion(
    conn: sa.Connection, caller: Caller, repo: Repository, title: str, text: str
) -> Discussion:
    author = access.require_writing_token(caller)
    return comments.open_discussion(conn, repo, author, title, text)


def _open_draft(
    conn: sa.Connection, caller: Caller, repo: Repository, title: str, text: str
) -> Discussion:
    author = contributing.require_contributor(conn, caller, repo)
    if contributing.is_outsider(conn, caller, repo):
        contributing.check_open(conn, repo, author)
    return pull_requests.open_draft(conn, repo, author, title, text)
