"""The page of one file: its text, picture or tensors, what a scan found in it, and its history.

Says what was found in words, with what to do. Shows bytes of the file to those who may have them,
and tells everybody else why not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from anyio.to_thread import run_sync
from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from paddock.checkpoint.errors import BadCheckpoint
from paddock.errors import NotFound, PaddockError, shown
from paddock.front_matter import split_document
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, history
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.turns import run_heavy, run_wide
from paddock.hub.large.content import Content
from paddock.hub.lifecycle import revoked
from paddock.hub.mirror.pulling import open_file
from paddock.hub.names import RepositoryName
from paddock.hub.scans import leaving, report
from paddock.hub.types import FileEntry, FolderEntry
from paddock.markdown import render_card
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.files.badges import badge_of, told_reasons
from paddock.web.files.opened import Opened, open_files
from paddock.web.files.preview import Preview, Showing, is_markdown, preview_of
from paddock.web.files.weights_header import is_weights_file, read_weights_header
from paddock.web.files.weights_view import (
    PLOT_HEIGHT,
    PLOT_WIDTH,
    WeightsView,
    measure_tensor,
    view_weights,
)
from paddock.web.page_routes import page_router

router = page_router()

_MAX_NAME_CHARS = 512
# What a browser asks of an address that stands in an image of a Markdown text.
_BYTES_WANTED = {"image", "audio", "video"}


class _Asked(NamedTuple):
    """What of the file somebody wants to see."""

    path: str
    as_source: bool
    tensor: str
    find: str


class _Found(NamedTuple):
    """A file, what is known of it, and its bytes where the visitor may have them."""

    opened: Opened
    entry: FileEntry
    content: Content | None
    why_not: str | None
    values: dict[str, Any]


@router.get(WEB_REPOSITORY + "/blob/{rev:revision}/{path:rest}")
async def file(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str,
    view: str = "",
    tensor: str = Query("", max_length=_MAX_NAME_CHARS),
    find: str = Query("", max_length=_MAX_NAME_CHARS),
) -> Response:
    """Where clients say a file's page is; ``view=source`` shows what is otherwise laid out."""
    wants_bytes = request.headers.get("sec-fetch-dest") in _BYTES_WANTED
    asked = _Asked(path, view == "source", tensor, find)
    # Heads of weights take memory: they wait for each other, and nobody else for them.
    if is_weights_file(path) and not wants_bytes:
        return await run_wide(_show, hub, visitor, name, rev, asked)
    turn = run_heavy if is_markdown(path) else run_sync
    return await turn(_show, hub, visitor, name, rev, asked, wants_bytes)


def _show(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    rev: str,
    asked: _Asked,
    wants_bytes: bool = False,
) -> Response:
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, rev, page="blob", path=asked.path)
        entry = files.entry_at(conn, opened.repo, opened.commit_oid, asked.path)
        if isinstance(entry, FolderEntry):
            return RedirectResponse(opened.address("tree", asked.path), 302)
        if not isinstance(entry, FileEntry):
            message = (
                f"{shown(asked.path)} does not exist in {opened.repo.full_name} at {shown(rev)}"
            )
            raise EntryNotFound(message, commit_oid=opened.commit_oid)
        if wants_bytes:
            return RedirectResponse(opened.file(asked.path), 302)
        found = _look_at(opened, entry)
    shown_of = _shown(found, asked) if found.content is not None else {}
    values = {**found.values, **_NOTHING, **shown_of}
    return visitor.show("files/blob.html", source=asked.as_source, find=asked.find, **values)


def _missing(opened: Opened, path: str) -> EntryNotFound:
    message = f"{shown(path)} does not exist in {opened.repo.full_name} at {shown(opened.rev)}"
    return EntryNotFound(message, commit_oid=opened.commit_oid)


_NOTHING: dict[str, Any] = {"preview": None, "weights": None, "problem": None, "html": None}


def _look_at(opened: Opened, entry: FileEntry) -> _Found:
    conn, repo = opened.conn, opened.repo
    one = report.of_revision(conn, repo, opened.commit_oid, [entry]).files[0]
    hears = report.hears_of(opened.asking)
    latest = history.last_commits(conn, repo, opened.commit_oid, [entry.path])
    content, why_not = _content(opened, entry)
    values = {
        "shell": opened.shell,
        "opened": opened,
        "entry": entry,
        "path": entry.path,
        "crumbs": opened.crumbs(entry.path),
        "badge": badge_of(one),
        "one": one,
        "reasons": told_reasons(one, hears),
        "is_taken_back": revoked.sentence_on(conn, repo.id, entry.etag) is not None,
        "may_have": content is not None,
        "why_not": why_not,
        "latest": latest.get(entry.path),
        "plot": (PLOT_WIDTH, PLOT_HEIGHT),
        "Showing": Showing,
    }
    return _Found(opened, entry, content, why_not, values)


def _content(opened: Opened, entry: FileEntry) -> tuple[Content | None, str | None]:
    """The file's bytes, or why the visitor does not get them."""
    if not opened.may_read:
        return None, "Its files are for those who were let in."
    problem = leaving.find_problem(opened.asking, entry)
    if problem is not None:
        return None, problem.message
    try:
        return open_file(opened.hub, opened.repo, entry, opened.conn), None
    except NotFound as e:
        return None, e.message


def _shown(found: _Found, asked: _Asked) -> dict[str, Any]:
    content = found.content
    assert content is not None  # noqa: S101  (whoever calls has looked)
    try:
        preview = preview_of(asked.path, content, as_source=asked.as_source)
        if preview.showing is Showing.WEIGHTS:
            return {"preview": preview, "weights": _weights(found, content, asked)}
    except BadCheckpoint as e:
        return {"problem": f"The head of this file cannot be read: {e.message}."}
    except PaddockError as e:
        return {"problem": e.message}
    if preview.showing in (Showing.TEXT, Showing.MARKDOWN, Showing.NOTEBOOK):
        found.opened.note_shown(asked.path)
    return {"preview": preview, "html": _html(preview)}


def _weights(found: _Found, content: Content, asked: _Asked) -> WeightsView:
    header = read_weights_header(asked.path, found.entry.etag, content)
    view = view_weights(header, asked.find)
    if not asked.tensor:
        return view
    measured = measure_tensor(header, asked.tensor, content.read)
    if measured is None:
        raise NotFound(f"no tensor is called {shown(asked.tensor)}")
    return view._replace(measured=measured)


def _html(preview: Preview) -> Markup | None:
    if preview.showing is not Showing.MARKDOWN:
        return None
    return Markup(render_card(split_document(preview.text).body))  # noqa: S704  (raw HTML is off)
