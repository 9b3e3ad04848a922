"""Several byte ranges of one blob in one answer: 206, ``multipart/byteranges`` for more than one.

Knows RFC 9110, section 14, as far as Xet clients use it. The bytes go from the disk to the socket
by the kernel where the server offers it, else through a thread.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.errors import BadInput, shown
from paddock.hub.http.sending import ZERO_COPY
from paddock.storage.blobs import Blob, BlobStore

MAX_RANGES = 64
_SPAN = re.compile(r"(\d{1,15})-(\d{0,15})")


class BadRange(BadInput):
    """The Range header cannot be read."""

    code = "bad_range"


class RangeOutside(BadInput):
    """The range starts behind the end."""

    code = "range_outside"
    status = 416


def parse_ranges(header: str, size_bytes: int) -> list[tuple[int, int]]:
    """The ranges of a ``Range`` header, ends exclusive and cut at the end; raises BadRange.

    RangeOutside for a range that starts behind the end. Counting from the end is not understood,
    nor are ranges that overlap, which would make an answer larger than what it is of.
    """
    unit, _, spans = header.partition("=")
    if unit.strip().lower() != "bytes" or spans.count(",") >= MAX_RANGES:
        raise BadRange(f"cannot read the range {shown(header)}", hint="send 'bytes=FIRST-LAST'")
    ranges = [_parse_span(span.strip(), size_bytes) for span in spans.split(",")]
    in_order = sorted(ranges)
    if any(start < end for (_, end), (start, _) in pairwise(in_order)):
        raise BadRange(f"the ranges {shown(spans)} overlap")
    return ranges


def _parse_span(span: str, size_bytes: int) -> tuple[int, int]:
    found = _SPAN.fullmatch(span)
    if found is None:
        raise BadRange(f"cannot read the range {shown(span)}", hint="send 'bytes=FIRST-LAST'")
    start = int(found[1])
    end = int(found[2]) + 1 if found[2] else size_bytes
    if start >= size_bytes:
        raise RangeOutside(f"the range starts at {start} of {size_bytes} bytes")
    if end <= start:
        raise BadRange(f"the range {shown(span)} ends before it starts")
    return start, min(end, size_bytes)


class _Part(NamedTuple):
    """What is sent of one range: text before the bytes, and the bytes ``[start, end)``."""

    head: bytes
    start: int
    end: int


class ReadableFile(Protocol):
    """As much of a file as sending needs."""

    def seek(self, at: int, /) -> int: ...

    def read(self, size_bytes: int, /) -> bytes: ...

    def __enter__(self) -> ReadableFile: ...

    def __exit__(self, *exc: Any) -> None: ...


class RangesResponse(Response):
    """The ranges of a blob, which must be inside it; ``opener`` opens what is not a blob as it is,
    and ``blob`` then says its size."""

    def __init__(
        self,
        blobs: BlobStore,
        blob: Blob,
        ranges: Sequence[tuple[int, int]],
        opener: Callable[[], ReadableFile] | None = None,
    ) -> None:
        super().__init__(status_code=206, media_type="application/octet-stream")
        self._blobs = blobs
        self._sha256 = blob.sha256
        self._opener = opener
        self._parts = [_Part(b"", start, end) for start, end in ranges]
        self._tail = b""
        if len(ranges) == 1:
            self.headers["content-range"] = _content_range(*ranges[0], blob.size_bytes)
        else:
            self._separate(blob.size_bytes)
        length = sum(len(part.head) + part.end - part.start for part in self._parts)
        self.headers["content-length"] = str(length + len(self._tail))
        self.headers["cache-control"] = "private"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the blob is opened before the head is sent, so that a failure is an error."""
        zero_copy = self._opener is None and ZERO_COPY in scope.get("extensions", {})
        if zero_copy:
            zero_copy = await run_sync(self._blobs.local_path, self._sha256) is not None
        send_part = _send_by_kernel if zero_copy else _send_by_thread
        opener = self._opener or partial(self._blobs.open, self._sha256)
        with await run_sync(opener) as file:
            head = {"type": "http.response.start", "status": 206, "headers": self.raw_headers}
            await send(head)
            for part in self._parts if scope["method"] != "HEAD" else []:
                await _send_body(send, part.head, more=True)
                await send_part(send, file, part)
            await _send_body(send, self._tail, more=False)

    def _separate(self, size_bytes: int) -> None:
        boundary = secrets.token_hex(16)
        self.headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        self._parts = [
            part._replace(head=_part_head(boundary, part, size_bytes)) for part in self._parts
        ]
        self._tail = f"\r\n--{boundary}--\r\n".encode()


async def _send_by_kernel(send: Send, file: ReadableFile, part: _Part) -> None:
    count = part.end - part.start
    message = {"file": file, "offset": part.start, "count": count, "more_body": True}
    await send({"type": ZERO_COPY, **message})


async def _send_by_thread(send: Send, file: ReadableFile, part: _Part) -> None:
    await run_sync(file.seek, part.start)
    left = part.end - part.start
    while left:
        piece = await run_sync(file.read, min(left, 1 << 20))
        if not piece:
            raise EOFError("the blob is shorter than its row says")
        left -= len(piece)
        await _send_body(send, piece, more=True)


async def _send_body(send: Send, body: bytes, *, more: bool) -> None:
    if body or not more:
        await send({"type": "http.response.body", "body": body, "more_body": more})


def _content_range(start: int, end: int, size_bytes: int) -> str:
    return f"bytes {start}-{end - 1}/{size_bytes}"


def _part_head(boundary: str, part: _Part, size_bytes: int) -> bytes:
    content_range = _content_range(part.start, part.end, size_bytes)
    return (
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Range: {content_range}\r\n\r\n"
    ).encode()
