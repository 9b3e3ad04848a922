"""Making a commit over HTTP.

Knows how the body travels: to a temporary file, whatever its size, and only after the caller was
found to be allowed to write. The operations are ``commit_body``'s, the commit ``committing``'s.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from paddock.hub.context import CallerDep, HubDep, accept_body
from paddock.hub.http.commit_body import read_commit_body
from paddock.hub.http.committing import Made, Target, make_commit, open_for_writing
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.receiving import receive_into

router = APIRouter()

MAX_BODY_BYTES = 1 << 30
_IN_MEMORY_BYTES = 1 << 20  # larger bodies go to a temporary file


@router.post(API_REPOSITORY + "/commit/{rev:revision}")
async def commit(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    create_pr: bool = False,
) -> dict[str, Any]:
    """One commit on a branch or a pull request, or one that opens a pull request for a branch.

    Answered when it is durable.
    """
    accept_body(request, MAX_BODY_BYTES)
    target = Target(hub, caller, name, rev, create_pr)
    allowed = await run_sync(open_for_writing, target)

    def write(body: IO[bytes]) -> Made:
        return make_commit(target, allowed, read_commit_body(body, hub.blobs))

    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        await receive_into(request, body.write)
        body.seek(0)
        made = await run_sync(write, body)
    page = hub.base_url(request) + made.repo.web_path
    number = {} if made.num is None else {"pullRequestUrl": f"{page}/discussions/{made.num}"}
    return {
        "success": True,
        "commitUrl": f"{page}/commit/{made.oid}",
        "commitOid": made.oid,
        "hookOutput": "",
        **number,
    }
