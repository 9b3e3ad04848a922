"""Making a commit over HTTP.

Knows how the body travels: to a temporary file, whatever its size, and only after the caller was
found to be allowed to write. The operations are ``commit_body``'s, the commit ``commits``'s.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from paddock.errors import BadInput
from paddock.hub.access import open_repository, open_to_change, require_writing_token
from paddock.hub.context import CallerDep, HubDep, accept_body
from paddock.hub.git import commits, refs
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.operations import AddLarge
from paddock.hub.http.commit_body import CommitBody, read_commit_body
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.receiving import receive_into
from paddock.hub.large.arriving import complete_arrived
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_BODY_BYTES = 1 << 30
_IN_MEMORY_BYTES = 1 << 20  # larger bodies go to a temporary file


class PullRequestsMissing(BadInput):
    """A commit was to become a pull request."""

    code = "no_pull_requests"


@router.post(API_REPOSITORY + "/commit/{rev:revision}")
async def commit(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    create_pr: bool = False,
) -> dict[str, Any]:
    """One commit on a branch; answered when it is durable."""
    refuse_pull_request(create_pr)
    accept_body(request, MAX_BODY_BYTES)

    def open_for_writing() -> int:
        with hub.database.read() as conn:
            return open_repository(conn, caller, name, Need.WRITE).id

    def write(body: IO[bytes]) -> tuple[Repository, str]:
        asked = read_commit_body(body, hub.blobs)
        named = [op for op in asked.operations if isinstance(op, AddLarge)]
        complete_arrived(hub, repo_id, [(op.sha256, op.size_bytes) for op in named])
        with hub.database.write() as conn:
            repo = open_to_change(conn, caller, name, Need.WRITE)
            return repo, commits.create_commit(conn, repo, _request(caller, rev, asked))

    repo_id = await run_sync(open_for_writing)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        await receive_into(request, body.write)
        body.seek(0)
        repo, oid = await run_sync(write, body)
    return {
        "success": True,
        "commitUrl": f"{hub.base_url(request)}{repo.web_path}/commit/{oid}",
        "commitOid": oid,
        "hookOutput": "",
    }


def refuse_pull_request(create_pr: bool) -> None:
    """Say so early, before bytes travel for nothing."""
    if create_pr:
        raise PullRequestsMissing(
            "this hub has no pull requests", hint="commit to a branch of your own instead"
        )


def _request(caller: Caller, rev: str, asked: CommitBody) -> CommitRequest:
    return CommitRequest(
        ref=refs.branch_ref(rev),
        operations=asked.operations,
        author=require_writing_token(caller),
        message=asked.message,
        parent_commit=asked.parent_commit,
    )
