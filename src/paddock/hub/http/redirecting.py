"""Sending a client to the object store for a file's bytes, where the settings allow that.

Knows when a redirect gives the client what it asked for; does not know how addresses are signed.
Clients that stop at a redirect to another host read the file's headers from it, so all of them are
on it. HEAD and whatever ends without bytes (304, 412, 416) are answered here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from paddock.hub.http.sending import choose_answer
from paddock.hub.large.content import Content
from paddock.storage.blobs import BlobStore

ADDRESS_SECONDS = 3600
# Smaller ones are quicker from here than by another round trip.
SMALLEST_BYTES = 1 << 20
# What a page shows comes from here: its policy allows nothing from elsewhere, however it got there.
_SHOWN_IN_PAGES = frozenset({"image", "audio", "video", "track"})


def redirect_to_store(
    blobs: BlobStore,
    request: Request,
    content: Content,
    headers: Mapping[str, str],
    *,
    filename: str | None = None,
    background: BackgroundTask | None = None,
) -> Response | None:
    """302 to the bytes, or None when they are better sent from here."""
    if request.method != "GET" or content.blob_sha256 is None:
        return None
    if content.size_bytes < SMALLEST_BYTES:
        return None
    if request.headers.get("sec-fetch-dest") in _SHOWN_IN_PAGES:
        return None
    answer = choose_answer("GET", request.headers, headers["ETag"], content.size_bytes)
    if answer.status not in {200, 206}:
        return None
    address = blobs.download_url(
        content.blob_sha256,
        seconds=ADDRESS_SECONDS,
        filename=filename,
        content_type=headers["Content-Type"],
    )
    if address is None:
        return None
    told = {**headers, "Location": address, "Accept-Ranges": "bytes"}
    return Response(status_code=302, headers=told, background=background)
