"""``lfs-files`` and ``duplicate``: large files listed, removed for good and copied; whole
repositories copied.

Nothing here moves bytes: a copy is rows, and what was removed is swept later.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub import access, duplicating, names
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.errors import AlreadyExists
from paddock.hub.http.paged import MAX_LIMIT, asked_part, paged
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.large import administration
from paddock.hub.large.administration import HeldFile, WantedCopy
from paddock.hub.repositories import NewRepository
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Kind, Need

router = APIRouter()

_LFS_FILES = API_REPOSITORY + "/lfs-files"
_Sha = Annotated[str, Field(max_length=64)]


class Deletions(BaseModel):
    sha: Annotated[list[_Sha], Field(max_length=administration.MAX_DELETIONS)]
    rewriteHistory: StrictBool = True


class BatchBody(BaseModel):
    deletions: Deletions


class Target(BaseModel):
    type: Kind = Kind.MODEL
    name: str


class CopiedFile(BaseModel):
    sha256: _Sha
    xetHash: _Sha | None = None
    filename: str | None = None


class CopyBody(BaseModel):
    target: Target
    files: Annotated[list[CopiedFile], Field(max_length=administration.MAX_COPIES)]


class DuplicateBody(BaseModel):
    repository: str
    visibility: str | None = None
    private: StrictBool | None = None


@router.get(_LFS_FILES)
def list_files(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> list[dict[str, Any]]:
    """Every large file of the repository, in any revision or none, newest first."""
    part = asked_part(request, default=MAX_LIMIT)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.WRITE)
        page = administration.list_held(conn, repo, part)
    return [_render(file) for file in paged(request, response, hub, page)]


@router.post(_LFS_FILES + "/batch")
def remove_files(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: BatchBody
) -> dict[str, Any]:
    """Remove large files for good, and from all history unless told otherwise."""
    asked = body.deletions
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        actor = access.require_user(caller)
        removed = administration.remove_for_good(
            conn, repo, actor, asked.sha, rewrite_history=asked.rewriteHistory
        )
    return {"success": True, "deleted": removed}


@router.post(_LFS_FILES + "/duplicate")
def copy_files(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: CopyBody
) -> dict[str, Any]:
    """Give another repository large files of this one, before a commit there names them."""
    target_name = names.parse_repository_name(body.target.type, body.target.name)
    wanted = [WantedCopy(file.sha256, file.xetHash) for file in body.files]
    with hub.database.write() as conn:
        source = access.open_repository(conn, caller, name, Need.CONTENT)
        target = access.open_to_change(conn, caller, target_name, Need.WRITE)
        asking = Asking(hub, conn, caller, source)
        refused = leaving.problems_of_contents(asking, [copy.sha256 for copy in wanted])
        allowed = [copy for copy in wanted if copy.sha256 not in refused]
        missing = administration.copy_files(conn, source, target, allowed)
    error = f"{source.full_name} has no such file"
    failed = [{"sha256": sha256, "error": error} for sha256 in missing]
    failed += [{"sha256": sha256, "error": one.message} for sha256, one in refused.items()]
    return {"success": len(allowed) - len(missing), "failed": failed}


@router.post(API_REPOSITORY + "/duplicate")
def duplicate(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: DuplicateBody
) -> dict[str, Any]:
    """A new repository with main's files and history."""
    to = names.parse_repository_name(name.kind, body.repository)
    wanted = NewRepository(name.kind, to.name, to.namespace, is_private=_is_private(body))
    try:
        with hub.database.write() as conn:
            source = access.open_repository(conn, caller, name, Need.CONTENT)
            repo = duplicating.duplicate(Asking(hub, conn, caller, source), wanted)
    except AlreadyExists as e:
        url = hub.base_url(request) + e.url if e.url else None
        raise AlreadyExists(e.message, url=url) from e
    return {"url": hub.base_url(request) + repo.web_path, "filesCopyPending": False}


def _render(file: HeldFile) -> dict[str, Any]:
    return {
        "fileOid": file.sha256,
        "oid": file.sha256,
        "filename": file.filename or "",  # none: it is in no commit
        "pushedAt": clock.to_text(file.pushed_at),
        "ref": file.ref,
        "size": file.size_bytes,
    }


def _is_private(body: DuplicateBody) -> bool | None:
    if body.visibility is None:
        return body.private
    if body.visibility not in {"public", "private"}:
        raise BadInput(f'visibility must be "public" or "private", not {shown(body.visibility)}')
    return body.visibility == "private"
