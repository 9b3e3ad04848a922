"""How each file should travel: inside the commit, or ahead of it as a large file.

Knows the question and the answer on the wire; which files are large is ``travelling``'s.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock.errors import BadInput, shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import contributing
from paddock.hub.errors import BadPath
from paddock.hub.git import files, refs
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.travelling import MAX_RULES_BYTES, RULES, Matching, matching, rules_text
from paddock.hub.types import FileEntry, Need, Repository

router = APIRouter()

MAX_FILES = 1000
_MAX_SAMPLE_CHARS = 64 * 1024


class AskedFile(BaseModel):
    path: str
    size: Annotated[int, Field(ge=0)]
    sample: Annotated[str, Field(max_length=_MAX_SAMPLE_CHARS)] = ""


class Question(BaseModel):
    files: Annotated[list[AskedFile], Field(max_length=MAX_FILES)]
    git_attributes: Annotated[
        str | None, Field(alias="gitAttributes", max_length=MAX_RULES_BYTES)
    ] = None
    git_ignore: Annotated[str | None, Field(alias="gitIgnore", max_length=MAX_RULES_BYTES)] = None


@router.post(API_REPOSITORY + "/preupload/{rev:revision}")
def preupload(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    body: Question,
    create_pr: bool = False,
) -> dict[str, Any]:
    """For each file: how to upload it, whether to leave it out, and what is there now."""
    paths = [file.path for file in body.files]
    if not all(map(files.may_exist, paths)):
        raise BadPath("a path is longer or deeper than a repository can hold")
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        ref = refs.branch_ref(rev)
        contributing.require_ref(conn, caller, repo, ref, create_pr=create_pr)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        present = files.entries_at(conn, repo, commit_oid, [*paths, *RULES])
        given = (body.git_attributes, body.git_ignore)
        texts = [
            _rules(hub, conn, repo, present.get(name), text)
            for name, text in zip(RULES, given, strict=True)
        ]
    rules = matching(*texts)
    return {"files": [_answer(file, rules, present.get(file.path)) for file in body.files]}


def _answer(file: AskedFile, rules: Matching, present: files.Entry | None) -> dict[str, Any]:
    large = rules.is_large(file.path, file.size, _sample(file))
    answer: dict[str, Any] = {
        "path": file.path,
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": rules.is_ignored(file.path),
    }
    if isinstance(present, FileEntry):
        answer["oid"] = present.etag
    return answer


def _rules(
    hub: Hub,
    conn: sa.Connection,
    repo: Repository,
    entry: files.Entry | None,
    given: str | None,
) -> str:
    """The rules to go by: those given with the request, else the revision's."""
    return given if given is not None else rules_text(hub, conn, repo, entry)


def _sample(file: AskedFile) -> bytes:
    try:
        return base64.b64decode(file.sample)
    except (binascii.Error, ValueError) as e:
        raise BadInput(f"the sample of {shown(file.path)} is not base64") from e
