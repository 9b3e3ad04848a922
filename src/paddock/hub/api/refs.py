"""Branches, tags and squashing.

Knows the wire form; what a name may be and where it may point is ``refs``'s and ``commits``'s.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock import clock
from paddock.errors import BadInput
from paddock.hub.access import open_repository, open_to_change, require_writing_token
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.discussions import contributing
from paddock.hub.git import commits, refs
from paddock.hub.git.commit_objects import NewTag
from paddock.hub.git.commits import NewBranch
from paddock.hub.git.refs import Ref
from paddock.hub.http.commit_body import check_message
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.types import Need

router = APIRouter()


class BranchBody(BaseModel):
    """Where a new branch starts: at a revision (main by default), or empty."""

    starting_point: Annotated[str | None, Field(alias="startingPoint")] = None
    is_empty: Annotated[bool, Field(alias="emptyBranch")] = False
    overwrite: bool = False


class TagBody(BaseModel):
    tag: str
    message: str | None = None


class SquashBody(BaseModel):
    message: str | None = None


@router.get(API_REPOSITORY + "/refs")
def list_refs(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    include_prs: bool = False,
    include_pull_requests: bool = False,
) -> dict[str, Any]:
    """Every branch and tag, with the commit it leads to."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        found = refs.list_refs(conn, repo)
    answer = {
        "branches": _named(found, refs.BRANCHES),
        "tags": _named(found, refs.TAGS),
        "converts": _named(found, refs.CONVERTS),
    }
    if include_prs or include_pull_requests:
        answer["pullRequests"] = _named(found, refs.PULL_REQUESTS)
    return answer


@router.post(API_REPOSITORY + "/branch/{branch:rest}")
def create_branch(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    branch: str,
    body: BranchBody | None = None,
) -> dict[str, bool]:
    """A new branch."""
    wanted = body or BranchBody.model_validate({})
    with hub.database.write() as conn:
        repo = open_to_change(conn, caller, name, Need.WRITE)
        start = wanted.starting_point or "main"
        commit_oid = None if wanted.is_empty else refs.resolve_revision(conn, repo, start)
        new = NewBranch(branch, commit_oid, overwrite=wanted.overwrite)
        commits.create_branch(conn, repo, require_writing_token(caller), new)
    return {"success": True}


@router.delete(API_REPOSITORY + "/branch/{branch:rest}")
def delete_branch(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, branch: str
) -> dict[str, bool]:
    """Forget a branch; never main."""
    with hub.database.write() as conn:
        repo = open_to_change(conn, caller, name, Need.WRITE)
        commits.delete_branch(conn, repo, require_writing_token(caller), branch)
    return {"success": True}


@router.post(API_REPOSITORY + "/tag/{rev:revision}")
def create_tag(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath, body: TagBody
) -> dict[str, bool]:
    """A tag on a revision. An unknown revision is reported before a bad name."""
    with hub.database.write() as conn:
        repo = open_to_change(conn, caller, name, Need.WRITE)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        message = check_message(body.message or "")
        author = require_writing_token(caller)
        commits.create_tag(conn, repo, NewTag(body.tag, commit_oid, author, clock.now(), message))
    return {"success": True}


@router.delete(API_REPOSITORY + "/tag/{tag:rest}")
def delete_tag(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, tag: str
) -> dict[str, bool]:
    """Forget a tag."""
    with hub.database.write() as conn:
        repo = open_to_change(conn, caller, name, Need.WRITE)
        commits.delete_tag(conn, repo, require_writing_token(caller), tag)
    return {"success": True}


@router.post(API_REPOSITORY + "/super-squash/{rev:revision}")
def super_squash(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    body: SquashBody | None = None,
) -> dict[str, Any]:
    """Make a branch one commit without history."""
    message = check_message((body and body.message) or "Super-squash branch using the API")
    if not message:
        raise BadInput("the message is empty")
    with hub.database.write() as conn:
        repo = open_to_change(conn, caller, name, Need.METADATA)
        ref = refs.branch_ref(rev)
        author = contributing.require_ref(conn, caller, repo, ref)
        oid = commits.super_squash(conn, repo, ref, author, message)
    return {"success": True, "commitOid": oid}


def _named(found: list[Ref], prefix: str) -> list[dict[str, str]]:
    return [
        {"name": ref.name.removeprefix(prefix), "ref": ref.name, "targetCommit": ref.commit_oid}
        for ref in found
        if ref.name.startswith(prefix)
    ]
