"""What the CAS tells and gives: reconstructions, who has a chunk, and bytes by signed addresses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub import signing
from paddock.hub.api.cas_access import AccessDep, Admitted, admit, require_content
from paddock.hub.api.xet_tokens import cas_url
from paddock.hub.context import Hub, HubDep
from paddock.hub.download_log.noting import XET
from paddock.hub.download_log.paths import Wanted
from paddock.hub.http.byte_ranges import BadRange, RangesResponse, parse_ranges
from paddock.hub.http.counting import log_download
from paddock.hub.http.receiving import receive_all
from paddock.hub.http.turns import run_brief
from paddock.hub.scans import leaving
from paddock.hub.xet import access, chunk_answer, hashes, reconstruction, records, variants
from paddock.hub.xet.access import XorbRanges
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.reading import Shelf, open_xorb
from paddock.hub.xet.reconstruction import Shape
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.storage.database import OneView

# A batch is answered in one piece of memory: some 60 MB.
_MAX_BATCH_FILES = 256
_MAX_BATCH_TERMS = 1 << 17
_MAX_BATCH_BODY_BYTES = 64 * 1024
# An answer that tells of more is made while it is sent.
_MANY_TERMS = 512
_NEVER_KEPT = {"Cache-Control": "no-store"}

routes = APIRouter()


@routes.get("/v2/reconstructions/{file:segment}")
async def reconstruct(request: Request, hub: HubDep, file: str) -> Response:
    """Which ranges of which xorbs make up a file of the token's repository."""
    return await _reconstruct(request, hub, file, reconstruction.PRESENT)


@routes.get("/v1/reconstructions/{file:segment}")
@routes.get("/reconstructions/{file:segment}", include_in_schema=False)
@routes.get("/reconstruction/{file:segment}", include_in_schema=False)
async def reconstruct_v1(request: Request, hub: HubDep, file: str) -> Response:
    """The same in the older shape."""
    return await _reconstruct(request, hub, file, reconstruction.OLDER)


@routes.get("/v1/reconstructions")
@routes.get("/reconstructions", include_in_schema=False)
def reconstruct_several(request: Request, hub: HubDep) -> Response:
    """The older shape for each ``file_id`` of the query that the token's repository has."""
    return _batch(request, hub, request.query_params.getlist("file_id"))


@routes.post("/v1/reconstructions")
async def reconstruct_posted(request: Request, hub: HubDep, allowed: AccessDep) -> Response:
    """The same for a JSON list of file hashes."""
    try:
        wanted = orjson.loads(await receive_all(request, _MAX_BATCH_BODY_BYTES))
    except orjson.JSONDecodeError as e:
        raise BadInput("the body is not JSON") from e
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise BadInput("the body is not a list of file hashes")
    return await run_in_threadpool(_batch, request, hub, wanted)


@routes.head("/v1/files/{file:segment}", include_in_schema=False)
def probe_file(request: Request, hub: HubDep, file: str) -> Response:
    """Whether the token's repository has the file, and its size."""
    with hub.database.read() as conn:
        found = _get_file(admit(request, hub, conn), file)
    return Response(headers={"Content-Length": str(found.size_bytes)})


@routes.head("/v1/xorbs/{prefix:segment}/{xorb:segment}", include_in_schema=False)
def probe_xorb(hub: HubDep, allowed: AccessDep, prefix: str, xorb: str) -> Response:
    """Whether a xorb is here all of whose chunks the bearer knows or may read, and its size."""
    shelf = Shelf(hub.database, hub.blobs, allowed.repo_id)
    found = shelf.find(xorb) if hashes.is_text(xorb) else None
    if found is None or not Naming(hub, allowed).may_name(
        hashes.from_text(xorb), 0, len(found.chunks)
    ):
        raise NotFound("no xorb of this hash was uploaded")
    return Response(headers={"Content-Length": str(found.blob.size_bytes)})


@routes.get("/v1/chunks/{prefix:segment}/{chunk:segment}")
@routes.get("/chunks/{prefix:segment}/{chunk:segment}", include_in_schema=False)
@routes.get("/chunk/{prefix:segment}/{chunk:segment}", include_in_schema=False)
def query_chunk(hub: HubDep, allowed: AccessDep, prefix: str, chunk: str) -> Response:
    """Xorbs with this chunk, of files that the token's bearer may read in any repository."""
    told = chunk_answer.answer(hub, allowed, chunk) if hashes.is_text(chunk) else None
    if told is None:
        raise NotFound("no file that you may read has this chunk")
    return Response(told, media_type="application/octet-stream", headers=_NEVER_KEPT)


@routes.get("/data")
@routes.head("/data", include_in_schema=False)
def read_data(request: Request, hub: HubDep, sig: str = "") -> Response:
    """Bytes of a stored xorb, as far as the signed address allows."""
    allowed = access.check_address(signing.signing_key(hub.database), sig, clock.now())
    with hub.database.read() as conn:
        require_content(hub, conn, allowed.bearer, allowed.repo_id, allowed.sha256)
        viewed = _find_view(conn, allowed)
    if allowed.viewed and viewed is None:  # its file is made of others now
        raise signing.SignatureExpired("these bytes have moved", hint="ask for a new address")
    header = request.headers.get("range")
    if header is None:
        raise BadRange("this address gives ranges only", hint="send a Range header")
    wanted = parse_ranges(header, allowed.blob.size_bytes)
    for start, end in wanted:
        if not any(first <= start and end <= last for first, last in allowed.ranges):
            raise Forbidden(f"this address does not cover the bytes {start} to {end - 1}")
    opener = None if viewed is None else partial(open_xorb, hub.blobs, viewed)
    return RangesResponse(hub.blobs, allowed.blob, wanted, opener)


def _find_view(conn: sa.Connection, allowed: XorbRanges) -> StoredXorb | None:
    if not allowed.viewed:
        return None
    own = variants.among(conn, allowed.repo_id, [allowed.viewed])
    return own.get(allowed.viewed) or records.find_xorb(conn, allowed.viewed)


class _Telling(NamedTuple):
    """What is told, and how what it needs is found."""

    find_each: reconstruction.FindEach
    address: reconstruction.Address
    wanted: reconstruction.Plan
    ranges_per_address: int


async def _reconstruct(request: Request, hub: Hub, xet_hash: str, shape: Shape) -> Response:
    return await run_brief(_told, request, hub, xet_hash, shape)


def _told(request: Request, hub: Hub, xet_hash: str, shape: Shape) -> Response:
    with hub.database.read() as conn:  # one for all: opening them took longer than the rest
        admitted = admit(request, hub, conn)
        file = _get_file(admitted, xet_hash)
        _log(request, admitted, file)
        telling = _tell(request, admitted, file, _wanted_range(request, file))
        if len(telling.wanted.terms) <= _MANY_TERMS:
            return _json(reconstruction.render(shape, *telling))
    shelf = Shelf(hub.database, hub.blobs, admitted.allowed.repo_id)
    pieces = reconstruction.stream(shape, *telling._replace(find_each=shelf.get_each))
    return StreamingResponse(pieces, media_type="application/json", headers=_NEVER_KEPT)


def _get_file(admitted: Admitted, xet_hash: str) -> XetFile:
    file = _find_file(admitted, xet_hash)
    if file is None:
        raise NotFound(f"the repository of this token has no file {shown(xet_hash)}")
    return file


def _find_file(admitted: Admitted, xet_hash: str) -> XetFile | None:
    """The file, if the token's repository holds it; raises what keeps the bearer from it."""
    file = records.find_file_of(admitted.asking.conn, admitted.allowed.repo_id, xet_hash)
    if file is not None:
        leaving.require_content(admitted.asking, file.sha256)
    return file


def _tell(request: Request, admitted: Admitted, file: XetFile, wanted: tuple[int, int]) -> _Telling:
    """The answer's parts; they are found while the connection is open."""
    (repo_id, bearer), asking = admitted.allowed[:2], admitted.asking
    hub = asking.hub
    shelf = Shelf(OneView(asking.conn), hub.blobs, repo_id)
    planned = reconstruction.plan(shelf.get, file.terms, *wanted)
    key, now = signing.signing_key(hub.database), clock.now()
    cas = cas_url(request, hub, asking.conn, bearer.user_id)

    def address(xorb: StoredXorb, ranges: Sequence[tuple[int, int]]) -> str:
        # Bound to that range: a xorb may hold chunks of others' files.
        if len(ranges) == 1 and xorb.view is None:
            direct = hub.blobs.download_url(
                xorb.blob.sha256, seconds=access.ADDRESS_SECONDS, byte_range=ranges[0]
            )
            if direct is not None:
                return direct
        of = (repo_id, bearer, file.sha256)
        part = XorbRanges(*of, xorb.blob, ranges, xorb.hash if xorb.view else None)
        return f"{cas}/data?sig={access.sign_address(key, part, now)}"

    most = 1 if hub.blobs.sends_directly else reconstruction.RANGES_PER_ADDRESS
    return _Telling(shelf.get_each, address, planned, most)


def _batch(request: Request, hub: Hub, wanted: Sequence[str]) -> Response:
    """The older shape for several whole files; those that are not there are left out."""
    asked = list(dict.fromkeys(wanted))
    if len(asked) > _MAX_BATCH_FILES:
        raise BadInput(f"{len(asked)} files at once; at most {_MAX_BATCH_FILES} are allowed")
    terms: dict[str, Any] = {}
    fetch_info: dict[str, list[Any]] = {}
    with hub.database.read() as conn:
        admitted = admit(request, hub, conn)
        files = [file for each in asked if (file := _find_file(admitted, each)) is not None]
        if sum(len(file.terms) for file in files) > _MAX_BATCH_TERMS:
            raise BadInput(
                "these files are in too many pieces for one answer", hint="ask for fewer"
            )
        for file in files:
            _log(request, admitted, file)
            telling = _tell(request, admitted, file, (0, file.size_bytes))
            told = reconstruction.render(reconstruction.OLDER, *telling)
            terms[file.hash] = told["terms"]
            for xorb, some in told["fetch_info"].items():
                fetch_info.setdefault(xorb, []).extend(some)
    return _json({"files": terms, "fetch_info": fetch_info})


def _log(request: Request, admitted: Admitted, file: XetFile) -> None:
    """Who is told what a file is made of is about to fetch it."""
    asking = admitted.asking
    wanted = Wanted(admitted.allowed.revision or None, sha256=file.sha256)
    log_download(request, asking.hub, asking.caller, asking.repo, way=XET, wanted=wanted)


def _json(told: dict[str, Any]) -> Response:
    return Response(orjson.dumps(told), media_type="application/json", headers=_NEVER_KEPT)


def _wanted_range(request: Request, file: XetFile) -> tuple[int, int]:
    header = request.headers.get("range")
    if header is None:
        return 0, file.size_bytes
    ranges = parse_ranges(header, file.size_bytes)
    if len(ranges) > 1:
        raise BadRange("a reconstruction is of one range")
    return ranges[0]
