"""Files for comments over HTTP: uploaded whole, read under an address that nobody guesses.

What comes back was written by strangers: images are shown, everything else is saved, and no browser
may run any of it.
"""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from paddock.errors import NotFound, shown
from paddock.hub import access
from paddock.hub.attachments import keeping, kinds
from paddock.hub.attachments.kinds import HEAD_BYTES, AttachmentKind, BadAttachment
from paddock.hub.context import CallerDep, Hub, HubDep, accept_body
from paddock.hub.http.receiving import entered, receive_into
from paddock.hub.http.sending import ContentResponse
from paddock.hub.large import condemned
from paddock.hub.large.content import blob_content
from paddock.hub.types import Account
from paddock.storage.blobs import Blob, BlobWriter

router = APIRouter()

_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-site",
    "Cache-Control": "private, no-cache",  # asked again each time: access may be withdrawn
    "Vary": "Authorization",
}


class AttachmentMissing(NotFound):
    """There is no such attachment, or the caller may see no comment that shows it."""

    code = "attachment_missing"


@router.post("/uploads")
async def upload(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """An image, a video or a sound; the answer is its address, as text."""
    uploader = access.require_writing_token(caller)
    kind = kinds.kind_of_type(request.headers.get("content-type", ""))
    accept_body(request, kind.max_bytes)
    await run_sync(_check_room, hub, uploader)
    async with entered(hub.blobs.begin()) as writer:
        receiving = _Receiving(writer)
        await receive_into(request, receiving.write)
        path = await run_sync(_keep, hub, uploader, kind, receiving)
    return PlainTextResponse(hub.base_url(request) + path)


@router.get("/uploads/{owner:segment}/{name:segment}")
@router.head("/uploads/{owner:segment}/{name:segment}", include_in_schema=False)
def read(hub: HubDep, caller: CallerDep, owner: str, name: str) -> Response:
    """An attachment's bytes, for its uploader and for those who may see where it is shown."""
    with hub.database.read() as conn:
        found = keeping.find_readable(conn, caller, name) if _is_askable(name) else None
    if found is None:
        raise AttachmentMissing(f"there is no attachment {shown(name)}")
    kind = kinds.kind_of_name(found.name)
    headers = {
        **_SAFE_HEADERS,
        "ETag": f'"{found.blob.sha256}"',
        "Content-Type": kind.content_type,
        "Content-Disposition": "inline" if kind.is_image else "attachment",
    }
    return ContentResponse(blob_content(hub.blobs, *found.blob), headers)


class _Receiving:
    """Bytes on their way to the store; the first of them are remembered."""

    def __init__(self, writer: BlobWriter) -> None:
        self._writer = writer
        self.head = b""

    def write(self, piece: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head += piece[: HEAD_BYTES - len(self.head)]
        self._writer.write(piece)

    def commit(self) -> Blob:
        return self._writer.commit()


def _check_room(hub: Hub, uploader: Account) -> None:
    with hub.database.read() as conn:
        keeping.check_room(conn, uploader, 0)


def _keep(hub: Hub, uploader: Account, kind: AttachmentKind, receiving: _Receiving) -> str:
    if not receiving.head:
        raise BadAttachment("the file is empty")
    kinds.check_head(kind, receiving.head)
    blob = receiving.commit()
    condemned.forget_removed(hub.database, hub.blobs, [blob.sha256])
    with hub.database.write() as conn:
        return keeping.add(conn, uploader, kind, blob)


def _is_askable(name: str) -> bool:
    return name.isascii() and name.isprintable() and len(name) <= 48
