"""git over HTTP: what is here, fetch and push, at the addresses that git makes of a repository's.

Reads and answers; what is said is ``hub.git_http``'s. A caller is let in by the same rules as
everywhere: git shows its token as a password, and asks a person or a helper for it after a 401.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from paddock.errors import BadInput, Forbidden, shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, Hub, HubDep, accept_body
from paddock.hub.git import refs
from paddock.hub.git_http.advertisement import Service, advertise
from paddock.hub.git_http.upload_pack import answer_command, answer_upload_pack
from paddock.hub.http.gzip_bodies import BodyFile
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.http.pieces import PiecesResponse
from paddock.hub.http.receiving import receive_into
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_FETCH_BYTES = 64 << 20  # a million objects that a client has
_IN_MEMORY_BYTES = 1 << 20
_NEVER_KEPT = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
}


class NotAGitRequest(BadInput):
    """The body is not of the type that git sends."""

    code = "not_a_git_request"
    status = 415


class DumbGit(Forbidden):
    """A client that wants to read the repository's files by themselves."""

    code = "dumb_git"


@router.get(WEB_REPOSITORY + "/info/refs", include_in_schema=False)
def info_refs(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, service: str = ""
) -> Response:
    """What is here, for a fetch or a push."""
    if service not in set(Service):
        raise DumbGit(
            "this hub speaks git's smart protocol only",
            hint="use git 1.6.6 or newer, without GIT_SMART_HTTP=0",
        )
    wanted = Service(service)
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, _without_git(name), _NEEDS[wanted])
        found = refs.list_refs(conn, repo)
    body = b"".join(advertise(wanted, found, _version(request)))
    headers = {**_NEVER_KEPT, "Content-Type": f"application/x-{service}-advertisement"}
    return Response(body, headers=headers)


@router.post(WEB_REPOSITORY + "/git-upload-pack", include_in_schema=False)
async def upload_pack(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """A fetch."""
    repo = await _open(request, hub, caller, name, Service.FETCH)
    answer = answer_command if _version(request) == 2 else answer_upload_pack
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
        await _receive(request, body, MAX_FETCH_BYTES)
        pieces = await run_sync(answer, hub, repo, body)
    return _result(Service.FETCH, pieces)


_NEEDS = {Service.FETCH: Need.CONTENT, Service.PUSH: Need.WRITE}


async def _open(
    request: Request, hub: Hub, caller: Caller, name: RepositoryName, service: Service
) -> Repository:
    """The repository, before any of the body is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != f"application/x-{service}-request":
        raise NotAGitRequest(f"the body of {service} cannot be {shown(kind)}")

    def find() -> Repository:
        with hub.database.read() as conn:
            return open_repository(conn, caller, _without_git(name), _NEEDS[service])

    return await run_sync(find)


async def _receive(request: Request, body: IO[bytes], limit_bytes: int) -> None:
    accept_body(request, limit_bytes)
    target = BodyFile(request, body, limit_bytes)
    await receive_into(request, target.write)
    target.finish()
    body.seek(0)


def _result(service: Service, pieces: Iterator[bytes]) -> Response:
    headers = {**_NEVER_KEPT, "Content-Type": f"application/x-{service}-result"}
    return PiecesResponse(pieces, headers)


def _without_git(name: RepositoryName) -> RepositoryName:
    return name._replace(name=name.name.removesuffix(".git"))


def _version(request: Request) -> int:
    """The highest version of the protocol that the client speaks: ``version=2:other=words``."""
    words = request.headers.get("git-protocol", "").split(":")
    spoken = [word[8:] for word in words if word.startswith("version=")]
    return max((int(text) for text in spoken if text in {"0", "1", "2"}), default=0)
