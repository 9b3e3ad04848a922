"""The tab "Lineage": where a model came from and what stands on it, as lists within lists.

Readable without a script; with one, branches are opened in place by what ``/lineage/branches``
answers. Private models are told to those who may see them.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from paddock.hub.access import open_repository
from paddock.hub.context import HubDep
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.lineage.links import MAX_LOOKED_AT
from paddock.hub.lineage.nodes import Node
from paddock.hub.lineage.tree import origins, standing_on
from paddock.hub.types import Kind, Need
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.repository.opened import open_at

router = page_router()

_RELATIONS: Final = ("finetune", "adapter", "merge", "quantized")


@router.get(WEB_REPOSITORY + "/lineage")
def lineage(
    request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep
) -> Response:
    """Both trees of a model."""
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "lineage", request)
        if opened.repo.kind is not Kind.MODEL:
            return RedirectResponse(opened.repo.web_path, 302)
        up = origins(conn, visitor.caller, opened.repo)
        down = standing_on(conn, visitor.caller, opened.repo)
        release = opened.release()
    statement = release.statement
    return visitor.show(
        "release/lineage.html",
        shell=opened.shell,
        up=up,
        down=down,
        ancestors=statement.ancestors if statement is not None else (),
        is_signed=release.is_signed,
        relations=_RELATIONS,
        looked_at=MAX_LOOKED_AT,
    )


@router.get(WEB_REPOSITORY + "/lineage/branches")
def branches(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    side: Literal["up", "down"] = Query("down"),
) -> JSONResponse:
    """One step up or down from a model, for the page's script."""
    with hub.database.read() as conn:
        repo = open_repository(conn, visitor.caller, name, Need.METADATA)
        grow = origins if side == "up" else standing_on
        node = grow(conn, visitor.caller, repo, 1)
    answer = {"branches": [_told(branch) for branch in node.branches], "more": node.more}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _told(node: Node) -> dict[str, Any]:
    """A branch for the script, which shows it as the template does."""
    known = node.known
    return {
        "name": node.name,
        "href": f"/{known.name}" if known is not None else None,
        "words": node.words,
        "isSigned": node.is_signed,
        "isRepeated": node.is_repeated,
        "version": known.version if known is not None else None,
        "state": known.state if known is not None else "current",
        "isBad": node.is_bad,
        "advisories": list(known.advisories) if known is not None else [],
        "isPrivate": known.is_private if known is not None else False,
        "isGated": known.gated is not None if known is not None else False,
    }
