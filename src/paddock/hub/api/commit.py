"""Making a commit over HTTP.

Knows how the body travels: to a temporary file, whatever its size, and only after the caller was
found to be allowed to write. The operations are ``commit_body``'s, the commit ``commits``'s.
"""

from __future__ import annotations

import tempfile
from typing import IO, Any, NamedTuple

import sqlalchemy as sa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from paddock.hub.access import open_repository, open_to_change, require_user
from paddock.hub.bearers import Bearer, bearer_of
from paddock.hub.context import CallerDep, HubDep, accept_body
from paddock.hub.discussions import contributing, pull_requests
from paddock.hub.discussions.pull_requests import NewProposal
from paddock.hub.git import commits, refs
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.operations import AddFile, AddLarge
from paddock.hub.http.commit_body import CommitBody, read_commit_body
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.receiving import receive_into
from paddock.hub.large.arriving import complete_arrived
from paddock.hub.large.condemned import forget_removed
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_BODY_BYTES = 1 << 30
_IN_MEMORY_BYTES = 1 << 20  # larger bodies go to a temporary file


class _Made(NamedTuple):
    """A commit, and the number of the pull request that it opened."""

    repo: Repository
    oid: str
    num: int | None = None


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

    def open_for_writing() -> tuple[int, Bearer]:
        with hub.database.read() as conn:
            repo = open_repository(conn, caller, name, Need.METADATA)
            ref = refs.branch_ref(rev)
            contributing.require_ref(conn, caller, repo, ref, create_pr=create_pr)
            return repo.id, bearer_of(conn, caller, repo, writes=True)

    def write(body: IO[bytes]) -> _Made:
        asked = read_commit_body(body, hub.blobs)
        named = [op for op in asked.operations if isinstance(op, AddLarge)]
        complete_arrived(hub, repo_id, bearer, [(op.sha256, op.size_bytes) for op in named])
        stored = [op.blob.blob_sha256 for op in asked.operations if isinstance(op, AddFile)]
        forget_removed(hub.database, hub.blobs, filter(None, stored))
        with hub.database.write() as conn:
            repo = open_to_change(conn, caller, name, Need.METADATA)
            make = _open_pull_request if create_pr else _commit
            made = make(conn, caller, repo, rev, asked)
            if contributing.is_outsider(conn, caller, repo):
                _count_small_files(conn, caller, repo, asked, hub.pull_request_bytes)
            return made

    repo_id, bearer = await run_sync(open_for_writing)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        await receive_into(request, body.write)
        body.seek(0)
        made = await run_sync(write, body)
    page = hub.base_url(request) + made.repo.web_path
    opened = {} if made.num is None else {"pullRequestUrl": f"{page}/discussions/{made.num}"}
    return {
        "success": True,
        "commitUrl": f"{page}/commit/{made.oid}",
        "commitOid": made.oid,
        "hookOutput": "",
        **opened,
    }


def _commit(
    conn: sa.Connection, caller: Caller, repo: Repository, rev: str, asked: CommitBody
) -> _Made:
    ref = refs.branch_ref(rev)
    author = contributing.require_ref(conn, caller, repo, ref)
    request = CommitRequest(
        ref=ref,
        operations=asked.operations,
        author=author,
        message=asked.message,
        parent_commit=asked.parent_commit,
    )
    return _Made(repo, commits.create_commit(conn, repo, request))


def _open_pull_request(
    conn: sa.Connection, caller: Caller, repo: Repository, rev: str, asked: CommitBody
) -> _Made:
    author = contributing.require_ref(conn, caller, repo, rev, create_pr=True)
    if contributing.is_outsider(conn, caller, repo):
        contributing.check_open(conn, repo, author)
    title, _, description = asked.message.partition("\n")
    new = NewProposal(
        base=rev,
        operations=asked.operations,
        title=title,
        description=description.strip(),
        message=asked.message,
        parent_commit=asked.parent_commit,
    )
    discussion, oid = pull_requests.open_pull_request(conn, repo, author, new)
    return _Made(repo, oid, discussion.num)


def _count_small_files(
    conn: sa.Connection, caller: Caller, repo: Repository, asked: CommitBody, limit_bytes: int
) -> None:
    """What an outsider sends inline counts as a contribution, like their large files."""
    sizes = {op.blob.oid: op.blob.size_bytes for op in asked.operations if isinstance(op, AddFile)}
    user_id = require_user(caller).id
    contributing.record_contribution(conn, repo.id, user_id, sizes, limit_bytes)
