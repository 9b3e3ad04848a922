"""Information on one repository, over HTTP (hub protocol 4.1)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock import clock
from paddock.hub import access
from paddock.hub.catalogue import info, views, weight_headers
from paddock.hub.catalogue.views import Draft, Question
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.git import files, refs
from paddock.hub.http import queries
from paddock.hub.http.answers import json_answer
from paddock.hub.http.direct import DirectRoute
from paddock.hub.http.paths import API_REPOSITORY, KindInPath, RepositoryNameDep, RevisionInPath
from paddock.hub.lifecycle import standing
from paddock.hub.lifecycle.standing import Told
from paddock.hub.scans import report
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Caller, Need, Repository

router = APIRouter(route_class=DirectRoute)


@router.get(API_REPOSITORY)
def repository_info(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """A repository at its main branch."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        asked = _question(request, caller, repo)
        draft = views.load(hub, conn, repo, repo.head_oid, asked)
        security = _security(request, conn, repo, repo.head_oid)
        told = standing.tell(conn, repo, repo.head_oid, clock.now())
    return _answer(draft, asked, security, told)


@router.get(API_REPOSITORY + "/revision/{rev:revision}")
def revision_info(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath
) -> Response:
    """A repository at a branch, tag or commit."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        asked = _question(request, caller, repo)
        oid = refs.resolve_revision(conn, repo, rev)
        draft = views.load(hub, conn, repo, oid, asked)
        security = _security(request, conn, repo, oid)
        told = standing.tell(conn, repo, oid, clock.now())
    return _answer(draft, asked, security, told)


@router.get(API_REPOSITORY + "/safetensors-metadata/{path:rest}")
def safetensors_metadata(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, path: str
) -> Response:
    """What the shards of an index hold, by their headers (hub protocol 17)."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.CONTENT)
        oid = refs.resolve_revision(conn, repo, "HEAD")
        asking = Asking(hub, conn, caller, repo)
        sharded = weight_headers.open_sharded(asking, oid, path)
    return Response(weight_headers.read_sharded(sharded), media_type="application/json")


@router.get("/api/{kind:kind}/{single:segment}")
def without_namespace(caller: CallerDep, kind: KindInPath, single: str) -> None:
    """Names without a namespace are legacy on the Hub; here nothing has one."""
    raise access.missing(caller, kind, single)


def _question(request: Request, caller: Caller, repo: Repository) -> Question:
    expand = queries.many(request, "expand")
    fields = info.check_fields(repo.kind, expand) if expand else info.default_fields(repo.kind)
    return Question(caller, fields, bool(queries.flag(request, "blobs")))


def _security(
    request: Request, conn: sa.Connection, repo: Repository, oid: str | None
) -> dict[str, Any] | None:
    """What scans found in the revision, for whoever asks."""
    if oid is None or not queries.flag(request, "securityStatus"):
        return None
    return report.security_status(conn, repo, oid, files.all_files(conn, repo, oid))


def _answer(draft: Draft, asked: Question, security: dict[str, Any] | None, told: Told) -> Response:
    answer: dict[str, Any] = info.render(draft.finished(), asked.fields)
    if security is not None:
        answer["securityRepoStatus"] = security
    if told.is_silent:
        return json_answer(answer)
    response = json_answer(answer | {"lifecycle": told.to_json()})
    if told.header is not None:
        response.headers[standing.HEADER] = told.header
    return response
