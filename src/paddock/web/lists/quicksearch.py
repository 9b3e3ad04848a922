"""What is found while somebody types, as the Hub's own quick search answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from paddock.hub.catalogue import finding
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import queries
from paddock.hub.http.answers import json_answer
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.types import Account, Kind
from paddock.web.page_routes import InTurn

router = APIRouter(route_class=InTurn)

MOST = 10
USUAL = 5
_KINDS = {"model": Kind.MODEL, "dataset": Kind.DATASET, "space": Kind.SPACE}
_PEOPLE = ("user", "org")


@router.get("/api/quicksearch")
def quicksearch(
    request: Request, hub: HubDep, caller: CallerDep, q: Annotated[str, Query()] = ""
) -> Response:
    """The first few of each type; ``type`` names those that are wanted, else all are."""
    typed = q.strip()[: finding.MAX_TYPED_CHARS]
    wanted = set(queries.many(request, "type")) or {*_KINDS, *_PEOPLE}
    limit = queries.count(request, "limit", default=USUAL, most=MOST)
    answer: dict[str, Any] = {"q": typed}
    with hub.database.read() as conn:
        for name, kind in _KINDS.items():
            if name in wanted:
                found = finding.find_repositories(conn, caller, kind, typed, limit)
                answer[f"{name}s"] = [
                    {"_id": repo.public_id, "id": repo.full_name} for repo in found.repositories
                ]
                # Nobody counts what matches: one more than are here means that there are more.
                answer[f"{name}sCount"] = len(found.repositories) + found.has_more
        people = finding.find_accounts(conn, typed, MOST) if wanted & {*_PEOPLE} else []
    for name in _PEOPLE:
        if name in wanted:
            these = [account for account in people if account.kind == name]
            answer[f"{name}s"] = [_render(account) for account in these[:limit]]
            answer[f"{name}sCount"] = len(these)
    return json_answer(answer)


def _render(account: Account) -> dict[str, Any]:
    return {
        "_id": account.public_id,
        "user" if account.kind == "user" else "name": account.name,
        "fullname": account.full_name,
        "avatarUrl": avatar_path(account),
    }
