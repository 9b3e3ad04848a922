"""The Xet CAS under ``/xet``: xorbs and shards in, reconstructions and byte ranges out.

Every request but those for signed addresses carries a Xet token, which covers one repository. What
is not offered here (grants, chunk look-up, routes of the future) answers 404, on which clients fall
back. Old clients' route names lead to the same handlers.

Clients are sent to ``/xet/hub-ID``: they remember under its address what a CAS holds, and a hub
that was made anew at the same place must not be taken for the one before.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from paddock import clock
from paddock.errors import Forbidden, NotFound, PaddockError, shown
from paddock.hub import signing
from paddock.hub.api.xet_tokens import cas_url
from paddock.hub.bearers import Bearer, check_bearer, recall
from paddock.hub.context import Hub, HubDep, accept_body
from paddock.hub.discussions import contributing
from paddock.hub.http.byte_ranges import BadRange, RangesResponse, parse_ranges
from paddock.hub.http.receiving import entered, receive_into, run_heavy
from paddock.hub.large import condemned, usage
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Need
from paddock.hub.xet import access, reconstruction, records, registration
from paddock.hub.xet.access import XetAccess, XorbRanges
from paddock.hub.xet.chunks import BadXorb
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.registration import Progress, Registering
from paddock.hub.xet.shards import MAX_SHARD_BYTES, parse_shard
from paddock.hub.xet.views import open_view
from paddock.hub.xet.xorbs import MAX_XORB_BYTES, XorbParser
from paddock.storage.blobs import BlobWriter

routes = APIRouter()


def get_access(request: Request, hub: HubDep) -> XetAccess:
    """What the request's token allows."""
    header = request.headers.get("authorization", "")
    allowed = access.check_token(signing.signing_key(hub.database), header, clock.now())
    with hub.database.read() as conn:
        check_bearer(conn, allowed.bearer, allowed.repo_id)
    return allowed


AccessDep = Annotated[XetAccess, Depends(get_access)]


def get_write_access(allowed: AccessDep) -> XetAccess:
    """The same, of a token that may add files."""
    access.require_write(allowed)
    return allowed


WriteAccessDep = Annotated[XetAccess, Depends(get_write_access)]


@routes.post("/v1/xorbs/{prefix:segment}/{xorb:segment}")
@routes.post("/xorb/{prefix:segment}/{xorb:segment}", include_in_schema=False)
async def upload_xorb(
    request: Request, hub: HubDep, allowed: WriteAccessDep, prefix: str, xorb: str
) -> dict[str, bool]:
    """Verify a xorb frame by frame as it arrives, then keep it; its prefix says nothing to us.

    ``was_inserted`` is always true: whether somebody else has the same bytes is not told.
    """
    accept_body(request, MAX_XORB_BYTES)
    await run_sync(_check_room, hub, allowed.repo_id, request.headers.get("content-length"))
    async with entered(hub.blobs.begin()) as writer:
        parser = XorbParser(writer.write)
        await receive_into(request, parser.feed)
        await run_heavy(_keep_xorb, hub, allowed, parser, writer, xorb)
    return {"was_inserted": True}


@routes.post("/v1/shards")
@routes.post("/shard/{prefix:segment}/{shard:segment}", include_in_schema=False)
async def upload_shard(request: Request, hub: HubDep, allowed: WriteAccessDep) -> dict[str, int]:
    """Verify a shard and give its files to the token's repository."""
    registering = await _receive_shard(request, hub, allowed)
    step: Progress | bool = Progress(0, 0)
    while isinstance(step, Progress):  # a turn for each step: others wait for that one only
        step = await run_heavy(registration.advance, registering)
    return {"result": int(step)}


@routes.post("/v2/shards")
async def upload_shard_reporting(
    request: Request, hub: HubDep, allowed: WriteAccessDep
) -> Response:
    """The same, with a line for every step. What is wrong at first sight is still a plain 400."""
    lines = _report(await _receive_shard(request, hub, allowed))
    first = await run_heavy(next, lines)
    return StreamingResponse(_stream(first, lines), media_type="application/x-ndjson")


@routes.get("/v2/reconstructions/{file:segment}")
def reconstruct(request: Request, hub: HubDep, allowed: AccessDep, file: str) -> Response:
    """Which ranges of which xorbs make up a file of the token's repository."""
    return _reconstruct(request, hub, allowed, file, reconstruction.render_v2)


@routes.get("/v1/reconstructions/{file:segment}")
@routes.get("/reconstruction/{file:segment}", include_in_schema=False)
def reconstruct_v1(request: Request, hub: HubDep, allowed: AccessDep, file: str) -> Response:
    """The same in the older shape."""
    return _reconstruct(request, hub, allowed, file, reconstruction.render_v1)


@routes.get("/data")
@routes.head("/data", include_in_schema=False)
def read_data(request: Request, hub: HubDep, sig: str = "") -> Response:
    """Bytes of a stored xorb, as far as the signed address allows."""
    allowed = access.check_address(signing.signing_key(hub.database), sig, clock.now())
    with hub.database.read() as conn:
        _require(hub, conn, allowed.bearer, allowed.repo_id, allowed.sha256)
    header = request.headers.get("range")
    if header is None:
        raise BadRange("this address gives ranges only", hint="send a Range header")
    wanted = parse_ranges(header, allowed.blob.size_bytes)
    for start, end in wanted:
        if not any(first <= start and end <= last for first, last in allowed.ranges):
            raise Forbidden(f"this address does not cover the bytes {start} to {end - 1}")
    if allowed.view is None:
        return RangesResponse(hub.blobs, allowed.blob, wanted)
    open_ = partial(open_view, hub.blobs, allowed.blob.sha256, allowed.view)
    return RangesResponse(hub.blobs, allowed.blob, wanted, open_)


@routes.api_route(
    "/{rest:rest}",
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
def unknown_route(request: Request) -> None:
    """Clients probe for routes and take 404 as "not offered"."""
    raise NotFound(f"the CAS has no route {request.method} {request.scope['path'][:200]}")


def _check_room(hub: Hub, repo_id: int, length: str | None) -> None:
    with hub.database.read() as conn:
        usage.check_xorb(conn, repo_id, int(length) if length else MAX_XORB_BYTES)


def _keep_xorb(
    hub: Hub, allowed: XetAccess, parser: XorbParser, writer: BlobWriter, announced: str
) -> None:
    xorb_hash, chunks = parser.finish()
    if xorb_hash != announced:
        raise BadXorb(f"the xorb's hash is {xorb_hash}, not {shown(announced)}")
    if _keep_present(hub, xorb_hash):
        return
    xorb = StoredXorb(xorb_hash, writer.commit(), chunks)
    condemned.forget_removed(hub.database, hub.blobs, [xorb.blob.sha256])
    with hub.database.write() as conn:
        registration.count_contribution(hub, conn, allowed, {xorb_hash: xorb.blob.size_bytes})
        usage.check_xorb(conn, allowed.repo_id, xorb.blob.size_bytes)
        records.add_xorb(conn, xorb, allowed.repo_id)


def _keep_present(hub: Hub, xorb_hash: str) -> bool:
    with hub.database.read() as conn:
        if records.find_xorb(conn, xorb_hash) is None:
            return False
    with hub.database.write() as conn:
        return records.keep_xorb(conn, xorb_hash)


async def _receive_shard(request: Request, hub: Hub, allowed: XetAccess) -> Registering:
    accept_body(request, MAX_SHARD_BYTES)
    async with entered(tempfile.TemporaryFile()) as file:
        await receive_into(request, file.write)

        def parse() -> Registering:
            file.seek(0)
            shard = parse_shard(memoryview(file.read()))
            if allowed.bearer.need < Need.WRITE:  # before all of it is read for nothing
                size_bytes = sum(claim.terms.size_bytes for claim in shard.files)
                contributing.check_sent(size_bytes, hub.pull_request_bytes)
            return registration.register(hub, allowed, shard)

        return await run_heavy(parse)


async def _stream(first: bytes, lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    while (line := await run_heavy(next, lines, None)) is not None:
        yield line


def _report(registering: Registering) -> Iterator[bytes]:
    """A line for every step; an error before the first one is raised."""
    reported = False
    while True:
        try:
            step = next(registering)
        except StopIteration as end:
            yield _line(type="result", result=int(end.value))
            return
        except PaddockError as error:
            if not reported:
                raise
            yield _line(type="error", message=error.message, retryable=error.status >= 500)
            return
        yield _line(type="validating", verified=step.verified_bytes, total=step.total_bytes)
        reported = True


def _line(**fields: object) -> bytes:
    return orjson.dumps(fields) + b"\n"


Render = Callable[
    [reconstruction.Find, reconstruction.Address, reconstruction.Plan, int], dict[str, Any]
]


def _reconstruct(
    request: Request, hub: Hub, allowed: XetAccess, xet_hash: str, render: Render
) -> Response:
    with hub.database.read() as conn:
        file = records.find_file_of(conn, allowed.repo_id, xet_hash)
        if file is None:
            raise NotFound(f"the repository of this token has no file {shown(xet_hash)}")
        _require(hub, conn, allowed.bearer, allowed.repo_id, file.sha256)
    shelf = Shelf(hub.database, hub.blobs)
    wanted = reconstruction.plan(shelf.get, file.terms, *_wanted_range(request, file))
    key, now, cas = signing.signing_key(hub.database), clock.now(), cas_url(request, hub)

    def address(xorb: StoredXorb, ranges: Sequence[tuple[int, int]]) -> str:
        # Bound to that range: a xorb may hold chunks of others' files.
        if len(ranges) == 1 and xorb.view is None:
            direct = hub.blobs.download_url(
                xorb.blob.sha256, seconds=access.ADDRESS_SECONDS, byte_range=ranges[0]
            )
            if direct is not None:
                return direct
        of = (allowed.repo_id, allowed.bearer, file.sha256)
        part = XorbRanges(*of, xorb.blob, ranges, xorb.view)
        return f"{cas}/data?sig={access.sign_address(key, part, now)}"

    most = 1 if hub.blobs.sends_directly else reconstruction.RANGES_PER_ADDRESS
    body = orjson.dumps(render(shelf.get, address, wanted, most))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _require(hub: Hub, conn: sa.Connection, bearer: Bearer, repo_id: int, sha256: str) -> None:
    """Raise for a right that was withdrawn, and for a file that the bearer may not have."""
    caller, repo = recall(conn, bearer, repo_id)
    leaving.require_content(Asking(hub, conn, caller, repo), sha256)


def _wanted_range(request: Request, file: XetFile) -> tuple[int, int]:
    header = request.headers.get("range")
    if header is None:
        return 0, file.size_bytes
    ranges = parse_ranges(header, file.size_bytes)
    if len(ranges) > 1:
        raise BadRange("a reconstruction is of one range")
    return ranges[0]


router = APIRouter()
router.include_router(routes, prefix="/xet/{hub_id:hub_id}", include_in_schema=False)
router.include_router(routes, prefix="/xet")
