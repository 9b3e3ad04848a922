"""The list of commits that lead to a revision."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from paddock import clock
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.git import refs
from paddock.hub.git.history import CommitEntry, list_commits
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.types import Need

router = APIRouter()

PAGE_COMMITS = 50
MAX_PAGE_COMMITS = 1000
MAX_PAGES = 1_000_000


@router.get(API_REPOSITORY + "/commits/{rev:revision}")
def commits(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    *,
    p: Annotated[int, Query(ge=0, le=MAX_PAGES)] = 0,
    limit: Annotated[int, Query(ge=1)] = PAGE_COMMITS,
) -> Response:
    """Commits, newest first; the next page's link names the commit, so that pages fit together."""
    limit = min(limit, MAX_PAGE_COMMITS)
    asked = request.query_params.getlist("expand") + request.query_params.getlist("expand[]")
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        page = list_commits(conn, repo, commit_oid, skip=p * limit, limit=limit)
    headers = {"X-Total-Count": str(page.total)}
    if (p + 1) * limit < page.total:
        query = [("p", p + 1), ("limit", limit), *(("expand[]", value) for value in asked)]
        address = f"{hub.base_url(request)}{repo.api_path}/commits/{commit_oid}"
        headers["Link"] = f'<{address}?{urlencode(query)}>; rel="next"'
    formatted = "formatted" in ",".join(asked).split(",")
    items = [_render(commit, formatted=formatted) for commit in page.commits]
    return Response(orjson.dumps(items), headers=headers, media_type="application/json")


def _render(commit: CommitEntry, *, formatted: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.body,
        "date": clock.to_text(commit.committed_at),
        "authors": [{"user": commit.author, "avatar": ""}],
    }
    if formatted:
        item["formatted"] = {"title": escape(commit.title), "message": escape(commit.body)}
    return item
