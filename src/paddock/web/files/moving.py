"""The forms that give a file another path, or take it away."""

from __future__ import annotations

from typing import NamedTuple

from anyio.to_thread import run_sync
from fastapi.responses import Response

from paddock.errors import BadInput, shown
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.git.objects import read_object
from paddock.hub.git.operations import AddFile, AddLarge, Delete, Operation, check_path
from paddock.hub.http.committing import Made, Target, open_for_writing
from paddock.hub.http.paths import WEB_REPOSITORY
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


@router.get(WEB_REPOSITORY + "/rename/{rev:revision}/{path:rest}")
def show_rename(place: PlaceDep, path: str, proposes: Proposes = False) -> Response:
    """The form for another path."""
    opened = place.open("blob", path)
    _entry(opened, path)
    asked = Asked(parent=opened.commit_oid, as_pull_request=proposes)
    return _show(opened, _Form("rename", path, path), asked)


@router.get(WEB_REPOSITORY + "/delete/{rev:revision}/{path:rest}")
def show_delete(place: PlaceDep, path: str, proposes: Proposes = False) -> Response:
    """Asks whether a file shall really go."""
    opened = place.open("blob", path)
    _entry(opened, path)
    asked = Asked(parent=opened.commit_oid, as_pull_request=proposes)
    return _show(opened, _Form("delete", path), asked)


@router.post(WEB_REPOSITORY + "/rename/{rev:revision}/{path:rest}")
async def rename(place: PlaceDep, asked: AskedDep, path: str, new_path: Text = "") -> Response:
    """Move a file within the repository."""
    return await run_sync(_rename, place, asked, path, new_path.strip())


@router.post(WEB_REPOSITORY + "/delete/{rev:revision}/{path:rest}")
async def delete(place: PlaceDep, asked: AskedDep, path: str) -> Response:
    """Take a file away; its history keeps it."""
    return await run_sync(_delete, place, asked, path)


class _Form(NamedTuple):
    """Which of the two forms, for which file; ``to`` is its new path."""

    action: str
    path: str
    to: str = ""
    problem: str = ""


def _rename(place: Place, asked: Asked, path: str, to: str) -> Response:
    opened = place.open("blob", path)
    try:
        operations = _moved(opened, path, to)
        target = place.target(opened, asked)
        made = _commit(target, opened, asked, operations, f"Rename {path} to {to}")
    except (BadInput, ChangedMeanwhile) as e:
        return _show(opened, _Form("rename", path, to, sentence(e)), asked, e.status)
    return lead_on(opened, made, "blob", to)


def _delete(place: Place, asked: Asked, path: str) -> Response:
    opened = place.open("blob", path)
    _entry(opened, path)
    try:
        target = place.target(opened, asked)
        made = _commit(target, opened, asked, [Delete(path)], f"Delete {path}")
    except (BadInput, ChangedMeanwhile) as e:
        return _show(opened, _Form("delete", path, problem=sentence(e)), asked, e.status)
    return lead_on(opened, made, "tree", path.rpartition("/")[0])


def _commit(
    target: Target, opened: Opened, asked: Asked, operations: list[Operation], otherwise: str
) -> Made:
    return commit(
        target,
        open_for_writing(target),
        operations,
        asked.whole_message(otherwise),
        parent=asked.parent or opened.commit_oid,
        paths=[operation.path for operation in operations],
    )


def _moved(opened: Opened, path: str, to: str) -> list[Operation]:
    """The same bytes at another path."""
    check_path(to)
    entry = _entry(opened, path)
    with opened.hub.database.read() as conn:
        leaving.require_entry(opened.asking_in(conn), entry)
        there = files.entry_at(conn, opened.repo, opened.commit_oid, to)
        stored = read_object(conn, opened.repo.id, entry.oid)
    if to == path:
        raise BadInput("this is the path that it has")
    if there is not None or stored is None:
        raise BadInput(f"{shown(to)} is there already", hint="choose another path")
    if entry.large is not None:
        return [Delete(path), AddLarge(to, entry.large.sha256, entry.large.size_bytes)]
    return [Delete(path), AddFile(to, stored)]


def _entry(opened: Opened, path: str) -> FileEntry:
    with opened.hub.database.read() as conn:
        entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
    if not isinstance(entry, FileEntry):
        raise EntryNotFound(f"{shown(path)} does not exist at {shown(opened.rev)}")
    return entry


def _show(opened: Opened, form: _Form, asked: Asked, status: int = 200) -> Response:
    return opened.visitor.show(
        f"files/{form.action}.html",
        status,
        shell=opened.shell,
        opened=opened,
        asked=asked,
        path=form.path,
        to=form.to,
        crumbs=opened.crumbs(form.path),
        problem=form.problem,
    )
