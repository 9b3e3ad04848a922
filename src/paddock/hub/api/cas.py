"""The Xet CAS under ``/xet``: xorbs and shards in, reconstructions and byte ranges out.

Every request but those for signed addresses carries a Xet token, which covers one repository. What
is not offered (upload grants, routes of the future) answers 404, on which clients fall back.
Old clients' route names lead to the same handlers. What goes out is in ``cas_reading``.

Clients are sent to ``/xet/hub-ID``: they remember under its address what a CAS holds. A hub that
was made anew at the same place must not be taken for the one before, nor what one account was told
for what another one knows; so the ID is of the hub and the account.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from paddock.errors import NotFound, PaddockError, shown
from paddock.hub.api import cas_reading
from paddock.hub.api.cas_access import WriteAccessDep
from paddock.hub.bearers import check_bearer
from paddock.hub.context import Hub, HubDep, accept_body
from paddock.hub.discussions import contributing
from paddock.hub.http.receiving import entered, receive_into, receive_large
from paddock.hub.http.turns import run_heavy
from paddock.hub.large import condemned, usage
from paddock.hub.types import Need
from paddock.hub.xet import hashes, known, records, registration, variants
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.chunks import BadXorb
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.registration import Progress, Registering
from paddock.hub.xet.shards import MAX_SHARD_BYTES, parse_shard
from paddock.hub.xet.xorbs import MAX_XORB_BYTES, XorbParser
from paddock.storage.blobs import BlobWriter

routes, last = APIRouter(), APIRouter()


@routes.post("/v1/xorbs/{prefix:segment}/{xorb:segment}")
@routes.post("/xorbs/{prefix:segment}/{xorb:segment}", include_in_schema=False)
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
        await receive_large(request, parser.feed)
        await run_heavy(_keep_xorb, hub, allowed, parser, writer, xorb)
    return {"was_inserted": True}


@routes.post("/v1/shards")
@routes.post("/shards", include_in_schema=False)
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


@routes.post("/v1/xorb-grants/{prefix:segment}/{xorb:segment}")
def grant_upload(allowed: WriteAccessDep, prefix: str, xorb: str) -> None:
    """Where a client would put a xorb itself: nowhere, also not into an object store.

    Here it is verified as it arrives. From a store it would have to be fetched for that first, and
    put back without its footer: three times the traffic to spare us one.
    """
    raise NotFound("no xorb is put past this hub: POST it to /v1/xorbs, where it is verified")


@routes.post("/v1/telemetry")
def transfer_telemetry() -> Response:
    """How a transfer went, which nobody here keeps; older clients tell the server's root."""
    return Response()


@last.api_route(
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
    if _keep_known(hub, allowed, xorb_hash, len(chunks)):
        return
    xorb = StoredXorb(xorb_hash, writer.commit(), chunks)
    condemned.forget_removed(hub.database, hub.blobs, [xorb.blob.sha256])
    account_id = allowed.bearer.user_id
    with hub.database.write() as conn:
        check_bearer(conn, allowed.bearer, allowed.repo_id)  # who, or what, may be gone by now
        registration.count_contribution(hub, conn, allowed, {xorb_hash: xorb.blob.size_bytes})
        usage.check_xorb(conn, allowed.repo_id, xorb.blob.size_bytes)
        records.add_xorb(conn, xorb, allowed.repo_id)
        variants.add_if_other(conn, xorb, allowed.repo_id, account_id)
        known.add_sent(conn, account_id, [xorb_hash])


def _keep_known(hub: Hub, allowed: XetAccess, xorb_hash: str, chunk_count: int) -> bool:
    """Whether the xorb is here, as its sender may know; to others it is as if it were not."""
    account_id = allowed.bearer.user_id
    with hub.database.read() as conn:
        if records.find_xorb(conn, xorb_hash) is None:
            return False
        is_known = known.was_sent_by(conn, account_id, xorb_hash)
    raw = hashes.from_text(xorb_hash)
    if not is_known and not Naming(hub, allowed).may_name(raw, 0, chunk_count):
        return False
    with hub.database.write() as conn:
        check_bearer(conn, allowed.bearer, allowed.repo_id)
        if not records.keep_xorb(conn, xorb_hash):
            return False
        known.add_sent(conn, account_id, [xorb_hash])
    return True


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


def _under(prefix: str, *, is_told: bool) -> None:
    """Every route below an address; no router in a router, which each other request would ask."""
    for route in (*routes.routes, *cas_reading.routes.routes, *last.routes):
        assert isinstance(route, APIRoute)  # noqa: S101
        router.add_api_route(
            prefix + route.path,
            route.endpoint,
            methods=sorted(route.methods or ()),
            include_in_schema=is_told and route.include_in_schema,
        )


router = APIRouter()
_under("/xet/{hub_id:hub_id}", is_told=False)
_under("/xet", is_told=True)
