"""``scan``: what the scanner found in a repository, looking again, and an administrator's word.

GET     …/scan?revision=main     the report
POST    …/scan                   let a job look at everything again (writers)
POST    …/scan/overrides         let a rejected file be downloaded (administrators)
DELETE  …/scan/overrides/ID      take that back (administrators)
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from paddock.errors import Forbidden, shown
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, refs
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.scans import allowing, overrides, report, requests
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Caller, FileEntry, Need

router = APIRouter()

_SCAN = API_REPOSITORY + "/scan"
_MAX_ID = 2**31 - 1


class OverrideBody(BaseModel):
    path: Annotated[str, Field(max_length=4096)]
    reason: Annotated[str, Field(max_length=overrides.MAX_REASON_CHARS)]
    revision: Annotated[str, Field(max_length=300)] = "main"


@router.get(_SCAN)
def read_report(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    revision: Annotated[str, Query(max_length=300)] = "main",
) -> dict[str, Any]:
    """What was found in the files of a revision, the worst first."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, revision)
        return report.render(Asking(hub, conn, caller, repo), commit_oid)


@router.post(_SCAN, status_code=202)
def scan(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> JSONResponse:
    """Look at the repository again: at what no scan has finished, or another scanner looked at."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        requests.scan_again(conn, repo.id)
    return JSONResponse({"queued": True, "report": f"{repo.api_path}/scan"}, 202)


@router.post(_SCAN + "/overrides")
def allow(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: OverrideBody
) -> dict[str, Any]:
    """Let everybody who may read the repository download a file that a scan rejected."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        by = _administrator(caller)
        commit_oid = refs.resolve_revision(conn, repo, body.revision)
        entry = files.entry_at(conn, repo, commit_oid, body.path.strip("/"))
        if not isinstance(entry, FileEntry):
            message = f"{shown(body.path)} does not exist in {repo.full_name}"
            raise EntryNotFound(message, commit_oid=commit_oid)
        return allowing.allow(conn, repo, entry, by, body.reason).to_dict()


@router.delete(_SCAN + "/overrides/{number}")
def withdraw(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    number: Annotated[int, Path(ge=1, le=_MAX_ID)],
) -> dict[str, Any]:
    """Take an override back."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        by = _administrator(caller)
        return allowing.withdraw(conn, repo, number, by).to_dict()


def _administrator(caller: Caller) -> str:
    """The name of an administrator who calls; raises Unauthorized, Forbidden."""
    account = access.require_writing_token(caller)
    if not access.is_site_admin(caller):
        raise Forbidden(
            "only an administrator of the hub decides what may be downloaded against a scan",
            hint="it needs an administrator's token of role 'admin'",
        )
    return account.name
