"""``xet-read-token`` and ``xet-write-token``: how a client of a repository comes to the CAS.

The answer is given twice, as JSON and as headers, because clients differ in which they read.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from paddock import clock
from paddock.hub import access, signing
from paddock.hub.bearers import bearer_of
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import contributing
from paddock.hub.git import refs
from paddock.hub.http.counting import count_download
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.types import Caller, Need, Repository
from paddock.hub.xet import generations
from paddock.hub.xet.access import XetAccess, issue_token

router = APIRouter()


@router.get(API_REPOSITORY + "/xet-read-token/{rev:revision}")
def read_token(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath
) -> JSONResponse:
    """A token that reads the repository's files."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.CONTENT)
        refs.resolve_revision(conn, repo, rev)
    count_download(request, hub, caller, repo)
    return _answer(xet_grant(request, hub, caller, repo, may_write=False, revision=rev))


@router.get(API_REPOSITORY + "/xet-write-token/{rev:revision}")
def write_token(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath
) -> JSONResponse:
    """A token that may add files. With ``create_pr=1`` clients name no revision at all."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        create_pr = request.query_params.get("create_pr", "").lower() in {"1", "true"}
        ref = refs.branch_ref(rev)
        contributing.require_ref(conn, caller, repo, ref, create_pr=create_pr)
        if not create_pr:
            refs.resolve_revision(conn, repo, rev)
    revision = "" if create_pr else rev
    return _answer(xet_grant(request, hub, caller, repo, may_write=True, revision=revision))


def cas_url(request: Request, hub: Hub, conn: sa.Connection, account_id: int) -> str:
    """Where the CAS is, in an address that no other hub has had and no other account is given.

    Nor is it the one of an earlier generation, of which clients may remember what has gone.
    """
    of = f"account {account_id} {generations.generation(conn)}".rstrip()
    hub_id = signing.public_id(signing.signing_key(hub.database), of)
    return f"{hub.base_url(request)}/xet/hub-{hub_id}"


def xet_grant(
    request: Request,
    hub: Hub,
    caller: Caller,
    repo: Repository,
    *,
    may_write: bool,
    revision: str = "",
) -> dict[str, Any]:
    """The answer's JSON for a caller whose rights were checked."""
    with hub.database.read() as conn:
        bearer = bearer_of(conn, caller, repo, writes=may_write)
    allowed = XetAccess(repo.id, bearer, may_write, revision)
    token, end = issue_token(signing.signing_key(hub.database), allowed, clock.now())
    with hub.database.read() as conn:
        address = cas_url(request, hub, conn, bearer.user_id)
    return {"casUrl": address, "accessToken": token, "exp": end}


def grant_headers(grant: dict[str, Any]) -> dict[str, str]:
    """The same as headers."""
    return {
        "X-Xet-Cas-Url": grant["casUrl"],
        "X-Xet-Access-Token": grant["accessToken"],
        "X-Xet-Token-Expiration": str(grant["exp"]),
    }


def _answer(grant: dict[str, Any]) -> JSONResponse:
    return JSONResponse(grant, headers={**grant_headers(grant), "Cache-Control": "no-store"})
