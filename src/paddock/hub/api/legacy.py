"""Addresses of repositories without a namespace, which the stock client still builds.

``GET /api/models/gpt2/tree/main`` must be an unknown repository, not an unknown page: the client
raises another error then (hub protocol 1.1). Matched last, after every real route.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from paddock.hub import access
from paddock.hub.context import CallerDep
from paddock.hub.types import Kind

router = APIRouter()

# What follows the one-part name in the client's addresses.
_ACTIONS = {
    "auth-check", "branch", "commit", "commits", "discussions", "duplicate", "lfs-files", "like",
    "likers", "paths-info", "preupload", "refs", "resolve", "revision", "safetensors-metadata",
    "settings", "super-squash", "tag", "tree", "treesize", "user-access-request",
    "xet-read-token", "xet-write-token",
}  # fmt: skip


@router.api_route(
    "/api/{kind:kind}/{single:segment}/{action:segment}/{rest:rest}",
    methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
    include_in_schema=False,
)
def without_namespace(caller: CallerDep, kind: Kind, single: str, action: str, rest: str) -> None:
    if action not in _ACTIONS:
        raise HTTPException(404)
    raise access.missing(caller, kind, single)
