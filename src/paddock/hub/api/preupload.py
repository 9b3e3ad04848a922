"""How each file should travel: inside the commit, or ahead of it as a large file.

Knows the three reasons for a large file (``.gitattributes``, its size, a sample that is not text)
and what ``.gitignore`` leaves out. Patterns may come with the request, so matching has a deadline.
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import Annotated, Any, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock.errors import BadInput, shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import contributing
from paddock.hub.errors import BadPath
from paddock.hub.git import files, refs
from paddock.hub.git.attributes import Attributes, parse_attributes
from paddock.hub.git.ignores import Ignores, parse_ignores
from paddock.hub.http.commit_body import MAX_FILE_BYTES
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.types import FileEntry, Need, Repository
from paddock.large_patterns import ATTRIBUTES_NAME

router = APIRouter()

MAX_FILES = 1000
MAX_RULES_BYTES = 256 * 1024
MATCHING_SECONDS = 5.0

_SAMPLE_BYTES = 512  # what clients send; more of it says nothing more
_MAX_SAMPLE_CHARS = 64 * 1024
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")
_MAX_ODD_SHARE = 0.3  # of a sample that is no UTF-8: beyond it, no old text encoding either


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
        rules = [ATTRIBUTES_NAME, ".gitignore"]
        present = files.entries_at(conn, repo, commit_oid, [*paths, *rules])
        attributes_text, ignore_text = (
            _rules(hub, conn, repo, present.get(ATTRIBUTES_NAME), body.git_attributes),
            _rules(hub, conn, repo, present.get(".gitignore"), body.git_ignore),
        )
    deadline = time.monotonic() + MATCHING_SECONDS
    matching = _Matching(parse_attributes(attributes_text), parse_ignores(ignore_text), deadline)
    answers = [_answer(file, matching, present.get(file.path)) for file in body.files]
    return {"files": answers}


class _Matching(NamedTuple):
    """The rules of one answer, and when matching them has taken too long."""

    attributes: Attributes
    ignores: Ignores
    deadline: float


def _answer(file: AskedFile, matching: _Matching, present: files.Entry | None) -> dict[str, Any]:
    attributes, ignores, deadline = matching
    is_attributed = attributes.is_large(file.path, deadline=deadline)
    large = is_attributed or file.size > MAX_FILE_BYTES or _is_binary(file)
    answer: dict[str, Any] = {
        "path": file.path,
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": ignores.is_ignored(file.path, deadline=deadline),
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
    if given is not None:
        return given
    if not isinstance(entry, FileEntry) or entry.large or entry.size_bytes > MAX_RULES_BYTES:
        return ""
    content = files.read_small_file(conn, hub.blobs, repo, entry, MAX_RULES_BYTES)
    return content.decode("utf-8", "replace")


def _is_binary(file: AskedFile) -> bool:
    """Whether the sample is no text in UTF-8 or an older encoding."""
    try:
        sample = base64.b64decode(file.sample)[:_SAMPLE_BYTES]
    except (binascii.Error, ValueError) as e:
        raise BadInput(f"the sample of {shown(file.path)} is not base64") from e
    if b"\0" in sample:
        return True
    try:
        sample.decode()
        return False
    except UnicodeDecodeError as e:
        # A sample may end in the middle of a character.
        if e.reason == "unexpected end of data" and e.start >= len(sample) - 3:
            return False
    odd = sum(byte >= 0x80 or (byte < 0x20 and byte not in _TEXT_CONTROLS) for byte in sample)
    return odd > len(sample) * _MAX_ODD_SHARE
