"""git over HTTP: what is here, fetch and push, at the addresses that git makes of a repository's.

Reads and answers; what is said is ``hub.git_http``'s. A caller is let in by the same rules as
everywhere: git shows its token as a password, and asks a person or a helper for it after a 401.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import IO

import sqlalchemy as sa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from paddock.errors import BadInput, Forbidden, shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, Hub, HubDep, accept_body
from paddock.hub.download_log.noting import GIT
from paddock.hub.download_log.paths import Wanted
from paddock.hub.git import refs
from paddock.hub.git_http.advertisement import Service, advertise
from paddock.hub.git_http.pkt_lines import EMPTY_PACKET
from paddock.hub.git_http.push_request import read_push
from paddock.hub.git_http.push_rules import open_for_push
from paddock.hub.git_http.receive_pack import Pusher, receive
from paddock.hub.git_http.upload_pack import answer_command, answer_upload_pack
from paddock.hub.http.counting import log_download
from paddock.hub.http.gzip_bodies import BodyFile
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.http.pieces import PiecesResponse, WorkResponse
from paddock.hub.http.receiving import receive_into
from paddock.hub.names import RepositoryName
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_PUSH_BYTES = 2 << 30
MAX_FETCH_BYTES = 64 << 20  # a million objects that a client has
_IN_MEMORY_BYTES = 1 << 20
_LIST, _LIST_BYTES = b"command=ls-refs", 64  # how a request begins that only asks what is here
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
        repo = _opened(conn, caller, name, wanted)
        if wanted is Service.FETCH:  # git shows a person what is wrong at this step only
            leaving.withheld(Asking(hub, conn, caller, repo))
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
        if _LIST not in body.read(_LIST_BYTES):
            log_download(request, hub, caller, repo, way=GIT, wanted=Wanted())
        body.seek(0)
        withheld = await run_sync(_withheld, hub, caller, repo)
        pieces = await run_sync(answer, hub, repo, body, withheld)
    return _result(Service.FETCH, pieces)


@router.post(WEB_REPOSITORY + "/git-receive-pack", include_in_schema=False)
async def receive_pack(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """A push."""
    await _open(request, hub, caller, name, Service.PUSH)
    async with AsyncExitStack() as stack:
        body = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  (closed by the stack)
        await _receive(request, body, MAX_PUSH_BYTES)
        asked = await run_sync(read_push, body)
        if not asked.commands:  # git asks whether it may push before it sends much
            return _result(Service.PUSH, iter(()))
        bare = name._replace(name=name.name.removesuffix(".git"))
        pusher = Pusher(hub, caller, bare)
        work = partial(receive, pusher, asked, body)
        alive = EMPTY_PACKET if "side-band-64k" in asked.words else None
        return WorkResponse(work, _headers(Service.PUSH), alive, stack.pop_all())


def _opened(
    conn: sa.Connection, caller: Caller, name: RepositoryName, service: Service
) -> Repository:
    name = name._replace(name=name.name.removesuffix(".git"))
    if service is Service.PUSH:
        return open_for_push(conn, caller, name)
    return open_repository(conn, caller, name, Need.CONTENT)


def _withheld(hub: Hub, caller: Caller, repo: Repository) -> Mapping[str, str]:
    with hub.database.read() as conn:
        return leaving.withheld(Asking(hub, conn, caller, repo))


async def _open(
    request: Request, hub: Hub, caller: Caller, name: RepositoryName, service: Service
) -> Repository:
    """The repository, before any of the body is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != f"application/x-{service}-request":
        raise NotAGitRequest(f"the body of {service} cannot be {shown(kind)}")

    def find() -> Repository:
        with hub.database.read() as conn:
            return _opened(conn, caller, name, service)

    return await run_sync(find)


async def _receive(request: Request, body: IO[bytes], limit_bytes: int) -> None:
    accept_body(request, limit_bytes)
    target = BodyFile(request, body, limit_bytes)
    await receive_into(request, target.write)
    target.finish()
    body.seek(0)


def _result(service: Service, pieces: Iterator[bytes]) -> Response:
    return PiecesResponse(pieces, _headers(service))


def _headers(service: Service) -> dict[str, str]:
    return {**_NEVER_KEPT, "Content-Type": f"application/x-{service}-result"}


def _version(request: Request) -> int:
    """The highest version of the protocol that the client speaks: ``version=2:other=words``."""
    words = request.headers.get("git-protocol", "").split(":")
    spoken = [word[8:] for word in words if word.startswith("version=")]
    return max((int(text) for text in spoken if text in {"0", "1", "2"}), default=0)
