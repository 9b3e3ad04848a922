"""The signed addresses of large files: PUT a whole one or a part, complete the parts, GET.

A client that was given an address needs no token here: the signature says which object of which
repository may travel which way. Bytes are hashed as they arrive and kept only if they are the
object; only then is the object the repository's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from paddock import clock
from paddock.errors import NotFound
from paddock.hub import bearers, signing
from paddock.hub.context import Hub, HubDep
from paddock.hub.download_log.noting import LFS
from paddock.hub.download_log.paths import Wanted
from paddock.hub.http.counting import log_download
from paddock.hub.http.receiving import (
    Piece,
    WrongLength,
    entered,
    expect_length,
    receive_all,
    receive_large,
)
from paddock.hub.http.redirecting import redirect_to_store
from paddock.hub.http.sending import ContentResponse
from paddock.hub.http.turns import run_heavy
from paddock.hub.large import arriving, content, large_files, lfs, usage
from paddock.hub.large.lfs import Right
from paddock.hub.large.viewing import MAX_PASSING_BYTES, PassingView
from paddock.hub.mirror import pulling
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking

router = APIRouter()

_OBJECT = "/lfs/objects/{oid:segment}"
_BRINGING = frozenset({"put", "part", "complete"})
_MAX_COMPLETION_BYTES = 1024 * 1024


class ObjectMissing(NotFound):
    """The repository was not given this object."""

    code = "lfs_object_missing"


@router.put(_OBJECT)
async def put_object(request: Request, hub: HubDep, oid: str, sig: str = "") -> Response:
    """A whole object, kept if it is the one that was announced."""
    right = await run_sync(_check, hub, "put", oid, sig)
    expect_length(request, right.size_bytes)
    view = PassingView() if right.size_bytes <= MAX_PASSING_BYTES else None
    async with entered(hub.blobs.begin(sha256=right.oid, size_bytes=right.size_bytes)) as writer:
        await receive_large(request, _both(writer.write, view))
        commit = partial(writer.commit, sha256=right.oid, size_bytes=right.size_bytes)
        blob = await run_sync(commit)
    await run_sync(arriving.record, hub, right, blob, view)
    return Response(headers={"ETag": f'"{oid}"'})


@router.put(_OBJECT + "/parts/{number:int}")
async def put_part(request: Request, hub: HubDep, oid: str, number: int, sig: str = "") -> Response:
    """One part of an object; a part sent again replaces the first."""
    right = await run_sync(_check, hub, "part", oid, sig)
    if number != right.part:
        raise signing.BadSignature("the signature is for another part")
    expect_length(request, right.size_bytes)
    begin = partial(hub.blobs.begin_part, right.upload_id, number)
    async with entered(await run_sync(begin)) as writer:
        received_bytes = await receive_large(request, writer.write)
        if received_bytes != right.size_bytes:
            raise WrongLength(f"{received_bytes} of {right.size_bytes} bytes arrived")
        etag = await run_sync(writer.commit)
    return Response(headers={"ETag": f'"{etag}"'})


@router.post(_OBJECT + "/complete")
async def complete(request: Request, hub: HubDep, oid: str, sig: str = "") -> Response:
    """Join the parts; kept if together they are the object that was announced."""
    right = await run_sync(_check, hub, "complete", oid, sig)
    lfs.check_completion(await receive_all(request, _MAX_COMPLETION_BYTES), right)
    await run_heavy(arriving.complete, hub, right)
    return JSONResponse({"oid": oid, "size": right.size_bytes})


@router.post(_OBJECT + "/verify")
async def verify(request: Request, hub: HubDep, oid: str, sig: str = "") -> Response:
    """Whether the object arrived. If it went straight into the store its digest is checked now."""
    right = await run_sync(_check, hub, "verify", oid, sig)
    wanted = lfs.parse_verify(await receive_all(request, _MAX_COMPLETION_BYTES))
    if (wanted.oid, wanted.size_bytes) != (oid, right.size_bytes):
        raise lfs.BadBatch("the body names another object than the address")
    if right.part:
        await run_heavy(arriving.complete, hub, right)
    await run_sync(_require, hub, right)
    return JSONResponse({"oid": oid, "size": right.size_bytes})


@router.get(_OBJECT)
@router.head(_OBJECT, include_in_schema=False)
def get_object(request: Request, hub: HubDep, oid: str, sig: str = "") -> Response:
    """An object's bytes, however they are stored."""
    right = lfs.check_right(signing.signing_key(hub.database), "get", oid, sig, clock.now())
    with hub.database.read() as conn:
        caller, repo = bearers.recall(conn, right.bearer, right.repo_id)
        leaving.require_content(Asking(hub, conn, caller, repo), oid)
        arriving_now = None
        if not large_files.present(conn, right.repo_id, [oid]):
            arriving_now = pulling.open_absent(hub, conn, right.repo_id, oid)
            if arriving_now is None:
                raise ObjectMissing(f"object {oid} is not here")
        found = arriving_now or content.open_large(hub, conn, right.repo_id, oid)
    log_download(request, hub, caller, repo, way=LFS, wanted=Wanted(sha256=oid))
    headers = {"ETag": f'"{oid}"', "Content-Type": "application/octet-stream"}
    headers["Cache-Control"] = "private"
    elsewhere = redirect_to_store(hub.blobs, request, found, headers)
    return elsewhere or ContentResponse(found, headers)


def _check(hub: Hub, action: str, oid: str, signature: str) -> Right:
    """The right that the address carries, if whoever was given it has it still."""
    key = signing.signing_key(hub.database)
    right = lfs.check_right(key, action, oid, signature, clock.now())
    with hub.database.read() as conn:
        repo = bearers.check_bearer(conn, right.bearer, right.repo_id)
        if action in _BRINGING and not large_files.present(conn, right.repo_id, [oid]):
            usage.check_quota(conn, repo.namespace_id, right.size_bytes)
    return right


def _both(write: Callable[[Piece], object], view: PassingView | None) -> Callable[[Piece], None]:
    """Keep each piece and, where there is a view, let it see the piece too."""

    def keep(piece: Piece) -> None:
        write(piece)
        if view is not None:
            view.feed(piece)

    return keep


def _require(hub: Hub, right: Right) -> None:
    with hub.database.read() as conn:
        if not large_files.present(conn, right.repo_id, [right.oid]):
            raise ObjectMissing(f"object {right.oid} is not here")
