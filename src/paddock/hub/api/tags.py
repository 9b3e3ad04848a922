"""The tags in use, by type, over HTTP (hub protocol 4.2). The same for everybody."""

from __future__ import annotations

from fastapi import APIRouter

from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paths import KindInPath
from paddock.hub.tags.tags import tags_by_type

router = APIRouter()


@router.get("/api/{kind:kind}-tags-by-type")
def list_tags(hub: HubDep, caller: CallerDep, kind: KindInPath) -> dict[str, list[dict[str, str]]]:
    with hub.database.read() as conn:
        return tags_by_type(conn, kind)
