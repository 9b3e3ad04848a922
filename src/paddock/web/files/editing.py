"""The forms for a text: a new file, or an old one with other words.

A browser writes line ends as it likes; the file keeps its own. Whoever was slower than somebody
else gets the form back with what they typed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import Form
from fastapi.responses import Response

from paddock.errors import BadInput, TooLarge, shown
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.git.operations import Operation
from paddock.hub.http.committing import open_for_writing
from paddock.hub.http.paths import WEB_REPOSITORY
from paddock.hub.http.sent_files import SentFile, to_operations
from paddock.hub.scans import leaving
from paddock.hub.types import FileEntry
from paddock.web.files.changing import (
    Asked,
    AskedDep,
    ChangedMeanwhile,
    Place,
    PlaceDep,
    Proposes,
    commit,
    lead_on,
)
from paddock.web.files.opened import Opened
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()

MAX_EDIT_BYTES: Final = 500_000  # as a form sends it, up to six times of that
LongText = Annotated[str, Form(max_length=2 * MAX_EDIT_BYTES)]


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    path: str
    text: str
    is_new: bool
    note: str = ""
    problem: str = ""


@router.get(WEB_REPOSITORY + "/new/{rev:revision}")
@router.get(WEB_REPOSITORY + "/new/{rev:revision}/{path:rest}")
def new_file(place: PlaceDep, path: str = "", proposes: Proposes = False) -> Response:
    """The form for a new file in a folder."""
    opened = place.open("tree", path)
    folder = path.strip("/")
    draft = Draft(f"{folder}/" if folder else "", "", is_new=True)
    return _show(opened, draft, Asked(parent=opened.commit_oid, as_pull_request=proposes))


@router.get(WEB_REPOSITORY + "/edit/{rev:revision}/{path:rest}")
def edit_file(place: PlaceDep, path: str, proposes: Proposes = False) -> Response:
    """The form with a file's text."""
    opened = place.open("blob", path)
    content = _content(opened, path)
    opened.note_shown(path)
    text = content.decode()
    note = ""
    if "\r" in text and not _has_crlf(content):
        note = "This text mixes line ends; saving it here makes all of them line feeds."
    asked = Asked(parent=opened.commit_oid, as_pull_request=proposes)
    return _show(opened, Draft(path, text, is_new=False, note=note), asked)


@router.post(WEB_REPOSITORY + "/new/{rev:revision}")
@router.post(WEB_REPOSITORY + "/new/{rev:revision}/{path:rest}")
@router.post(WEB_REPOSITORY + "/edit/{rev:revision}/{path:rest}")
async def save_file(
    place: PlaceDep, asked: AskedDep, path: str = "", new_path: Text = "", text: LongText = ""
) -> Response:
    """Commit the text; ``new_path`` is there in the form for a new file alone."""
    is_new = bool(new_path) or not path
    draft = Draft(new_path.strip() if is_new else path, text, is_new)
    return await run_sync(_save, place, draft, asked)


def _save(place: Place, draft: Draft, asked: Asked) -> Response:
    opened = place.open("blob", draft.path)
    try:
        target = place.target(opened, asked)
        allowed = open_for_writing(target)
        content = _as_in_file(opened, draft)
        operations: list[Operation] = to_operations(
            target, allowed, [SentFile(draft.path, content)]
        )
        verb = "Add" if draft.is_new else "Change"
        said = asked.whole_message(f"{verb} {draft.path}")
        parent = asked.parent or opened.commit_oid
        made = commit(target, allowed, operations, said, parent=parent, paths=[draft.path])
    except (BadInput, ChangedMeanwhile) as e:
        return _show(opened, replace(draft, problem=sentence(e)), asked, e.status)
    return lead_on(opened, made, "blob", draft.path)


def _as_in_file(opened: Opened, draft: Draft) -> bytes:
    """The text's bytes, with the line ends of the file that it replaces."""
    with opened.hub.database.read() as conn:
        there = files.entry_at(conn, opened.repo, opened.commit_oid, draft.path)
    if draft.is_new and there is not None:
        raise BadInput(f"{shown(draft.path)} is there already", hint="choose another name")
    text = draft.text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        content = text.encode()
    except UnicodeEncodeError as e:
        raise BadInput("the text holds half a character (a lone surrogate)") from e
    if len(content) > MAX_EDIT_BYTES:
        raise TooLarge(f"a text of {len(content)} bytes is over {MAX_EDIT_BYTES}", hint="upload it")
    if draft.is_new:
        return content
    before = _content(opened, draft.path)
    if _has_crlf(before):
        content = content.replace(b"\n", b"\r\n")
    if content == before:
        raise BadInput("nothing was changed")
    return content


def _content(opened: Opened, path: str) -> bytes:
    """A file's text as it is; raises EntryNotFound, BadInput, and what leaving raises."""
    with opened.hub.database.read() as conn:
        entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
        if not isinstance(entry, FileEntry):
            raise EntryNotFound(f"{shown(path)} does not exist at {shown(opened.rev)}")
        leaving.require_entry(opened.asking_in(conn), entry)
        if entry.large is not None or entry.size_bytes > MAX_EDIT_BYTES:
            message = f"{shown(path)} is too large to be edited here"
            raise BadInput(message, hint="upload it anew, or change it with git")
        content = files.read_small_file(conn, opened.hub.blobs, opened.repo, entry, MAX_EDIT_BYTES)
    try:
        if b"\0" in content:
            raise BadInput(f"{shown(path)} is no text", hint="upload it anew")
        content.decode()
    except UnicodeDecodeError as e:
        raise BadInput(f"{shown(path)} is no text in UTF-8", hint="upload it anew") from e
    return content


def _has_crlf(content: bytes) -> bool:
    """Whether every line ends as on Windows."""
    return b"\r\n" in content and content.count(b"\r\n") == content.count(b"\n") == content.count(
        b"\r"
    )


def _show(opened: Opened, draft: Draft, asked: Asked, status: int = 200) -> Response:
    return opened.visitor.show(
        "files/edit.html",
        status,
        shell=opened.shell,
        opened=opened,
        draft=draft,
        asked=asked,
        path=draft.path if not draft.is_new else "",
        crumbs=opened.crumbs("" if draft.is_new else draft.path),
    )
