"""A commit that somebody asks for over HTTP, made: on a branch, or as a new pull request.

Knows who may write where and what has to be there before; not how the operations arrived. The API
and the pages commit by this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.access import open_repository, open_to_change, require_user
from paddock.hub.bearers import Bearer, bearer_of
from paddock.hub.context import Hub
from paddock.hub.discussions import contributing, pull_requests
from paddock.hub.discussions.pull_requests import NewProposal
from paddock.hub.git import commits, refs
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.operations import AddFile, AddLarge
from paddock.hub.http.commit_body import CommitBody
from paddock.hub.large.arriving import complete_arrived
from paddock.hub.large.condemned import forget_removed
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Need, Repository


@dataclass(frozen=True, slots=True)
class Target:
    """Who wants to commit where; ``create_pr`` opens a pull request for the branch instead."""

    hub: Hub
    caller: Caller
    name: RepositoryName
    rev: str
    create_pr: bool = False


class Made(NamedTuple):
    """A commit, and the number of the pull request that it opened."""

    repo: Repository
    oid: str
    num: int | None = None


class Allowed(NamedTuple):
    """A repository that may be written to."""

    repo_id: int
    bearer: Bearer


def open_for_writing(target: Target) -> Allowed:
    """Look whether the caller may, before anything is received; raises what says why not."""
    with target.hub.database.read() as conn:
        repo = open_repository(conn, target.caller, target.name, Need.METADATA)
        ref = refs.branch_ref(target.rev)
        contributing.require_ref(conn, target.caller, repo, ref, create_pr=target.create_pr)
        return Allowed(repo.id, bearer_of(conn, target.caller, repo, writes=True))


def make_commit(target: Target, allowed: Allowed, asked: CommitBody) -> Made:
    """The commit, durable when this returns; raises what ``commits.create_commit`` raises."""
    hub = target.hub
    named = [op for op in asked.operations if isinstance(op, AddLarge)]
    sizes = [(op.sha256, op.size_bytes) for op in named]
    complete_arrived(hub, allowed.repo_id, allowed.bearer, sizes)
    stored = [op.blob.blob_sha256 for op in asked.operations if isinstance(op, AddFile)]
    forget_removed(hub.database, hub.blobs, filter(None, stored))
    with hub.database.write() as conn:
        repo = open_to_change(conn, target.caller, target.name, Need.METADATA)
        make = _open_pull_request if target.create_pr else _commit
        made = make(conn, target, repo, asked)
        if contributing.is_outsider(conn, target.caller, repo):
            _count_small_files(conn, target, repo, asked)
        return made


def _commit(conn: sa.Connection, target: Target, repo: Repository, asked: CommitBody) -> Made:
    ref = refs.branch_ref(target.rev)
    author = contributing.require_ref(conn, target.caller, repo, ref)
    request = CommitRequest(
        ref=ref,
        operations=asked.operations,
        author=author,
        message=asked.message,
        parent_commit=asked.parent_commit,
    )
    return Made(repo, commits.create_commit(conn, repo, request))


def _open_pull_request(
    conn: sa.Connection, target: Target, repo: Repository, asked: CommitBody
) -> Made:
    author = contributing.require_ref(conn, target.caller, repo, target.rev, create_pr=True)
    if contributing.is_outsider(conn, target.caller, repo):
        contributing.check_open(conn, repo, author)
    title, _, description = asked.message.partition("\n")
    new = NewProposal(
        base=target.rev,
        operations=asked.operations,
        title=title,
        description=description.strip(),
        message=asked.message,
        parent_commit=asked.parent_commit,
    )
    discussion, oid = pull_requests.open_pull_request(conn, repo, author, new)
    return Made(repo, oid, discussion.num)


def _count_small_files(
    conn: sa.Connection, target: Target, repo: Repository, asked: CommitBody
) -> None:
    """What an outsider sends inline counts as a contribution, like their large files."""
    sizes = {op.blob.oid: op.blob.size_bytes for op in asked.operations if isinstance(op, AddFile)}
    user_id, limit_bytes = require_user(target.caller).id, target.hub.pull_request_bytes
    contributing.record_contribution(conn, repo.id, user_id, sizes, limit_bytes)
