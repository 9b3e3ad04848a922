"""The forms that give a file another path, or take it away."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import Response

from paddock.errors import BadInput, shown
from paddock.hub.context import HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.git.objects import read_object
from paddock.hub.git.operations import AddFile, AddLarge, Delete, Operation, check_path
from paddock.hub.http.committing import open_for_writing
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.scans import leaving
from paddock.hub.types import FileEntry
from paddock.web.browser import VisitorDep
from paddock.web.files.changing import ChangedMeanwhile, Place, commit, lead_on, message_of
from paddock.web.files.editing import Oid
from paddock.web.files.opened import Opened
from paddock.web.forms import Text, sentence

router = APIRouter(include_in_schema=False)


@router.get(WEB_REPOSITORY + "/rename/{rev:revision}/{path:rest}")
def show_rename(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, rev: RevisionInPath, path: str
) -> Response:
    """The form for another path."""
    opened = Place(hub, visitor, name, rev).open("blob", path)
    _entry(opened, path)
    return _show(opened, "rename", path, path)


@router.get(WEB_REPOSITORY + "/delete/{rev:revision}/{path:rest}")
def show_delete(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, rev: RevisionInPath, path: str
) -> Response:
    """Asks whether a file shall really go."""
    opened = Place(hub, visitor, name, rev).open("blob", path)
    _entry(opened, path)
    return _show(opened, "delete", path, path)


@router.post(WEB_REPOSITORY + "/rename/{rev:revision}/{path:rest}")
async def rename(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str,
    form_key: Text = "",
    new_path: Text = "",
    parent: Oid = "",
    message: Text = "",
    as_pull_request: Text = "",
) -> Response:
    """Move a file within the repository."""
    visitor.check_form(form_key)
    place = Place(hub, visitor, name, rev)

    def work() -> Response:
        opened = place.open("blob", path)
        to = new_path.strip()
        try:
            operations = _moved(opened, path, to)
            said = message_of(message, "", f"Rename {path} to {to}")
            paths = [path, to]
            return _commit(place, opened, operations, said, (parent, paths, bool(as_pull_request)))
        except (BadInput, ChangedMeanwhile) as e:
            return _show(opened, "rename", path, to, sentence(e), e.status)

    return await run_sync(work)


@router.post(WEB_REPOSITORY + "/delete/{rev:revision}/{path:rest}")
async def delete(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str,
    form_key: Text = "",
    parent: Oid = "",
    message: Text = "",
    as_pull_request: Text = "",
) -> Response:
    """Take a file away; its history keeps it."""
    visitor.check_form(form_key)
    place = Place(hub, visitor, name, rev)

    def work() -> Response:
        opened = place.open("blob", path)
        _entry(opened, path)
        said = message_of(message, "", f"Delete {path}")
        asked = (parent, [path], bool(as_pull_request))
        try:
            return _commit(place, opened, [Delete(path)], said, asked)
        except ChangedMeanwhile as e:
            return _show(opened, "delete", path, path, sentence(e), e.status)

    return await run_sync(work)


def _commit(
    place: Place,
    opened: Opened,
    operations: list[Operation],
    said: str,
    asked: tuple[str, list[str], bool],
) -> Response:
    parent, paths, as_pull_request = asked
    target = place.target(opened, as_pull_request=as_pull_request)
    allowed = open_for_writing(target)
    made = commit(
        target, allowed, operations, said, parent=parent or opened.commit_oid, paths=paths
    )
    if len(paths) > 1:
        return lead_on(opened, made, "blob", paths[1])
    return lead_on(opened, made, "tree", paths[0].rpartition("/")[0])


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


def _show(
    opened: Opened, action: str, path: str, to: str, problem: str = "", status: int = 200
) -> Response:
    return opened.visitor.show(
        f"files/{action}.html",
        status,
        shell=opened.shell,
        opened=opened,
        path=path,
        to=to,
        crumbs=opened.crumbs(path),
        problem=problem,
    )
