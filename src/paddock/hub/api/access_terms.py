"""Terms of a gate over HTTP: what binds now, and who accepted what. The Hub has no such routes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.gates import acceptances, evidence
from paddock.hub.gates.terms import read_terms
from paddock.hub.http.paged import asked_part, paged
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.types import Need

router = APIRouter()


@router.get(API_REPOSITORY + "/access-terms")
def terms(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """What who asks accepts, with the words; ``acceptTerms`` of asking is the digest."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        user = access.require_user(caller)
        found = read_terms(conn, repo)
        if found is None:
            return {"digest": None, "texts": []}
        accepted = acceptances.has_accepted(conn, repo, user, found.digest)
    return {
        "digest": found.digest,
        "version": found.version,
        "revision": found.commit_oid,
        "complete": found.is_whole,
        "accepted": accepted,
        "texts": [{**text.told(), "text": text.body} for text in found.texts],
    }


@router.get(API_REPOSITORY + "/access-acceptances")
def list_acceptances(
    request: Request, response: Response, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> list[dict[str, Any]]:
    """The latest first, for those who may write."""
    part = asked_part(request)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.WRITE)
        page = acceptances.list_acceptances(conn, repo, part)
    return [evidence.entry(found) for found in paged(request, response, hub, page)]
