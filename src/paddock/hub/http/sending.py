"""Sending bytes: conditions, ranges, and the way from storage to the socket.

Knows HTTP's rules for one representation (RFC 9110, sections 13 and 14) and how to hand a file to
the kernel when the server offers it. Does not know what is sent. A client that goes away stops the
reading at once and leaves nothing open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO, NamedTuple

import anyio
from anyio.to_thread import run_sync
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.hub.http.parts import ZERO_COPY, OpenedParts, open_parts, send_parts
from paddock.hub.large.content import Content
from paddock.hub.xet.fetching import Lying
from paddock.storage.errors import os_errors

__all__ = ["ZERO_COPY", "Answer", "ContentResponse", "choose_answer"]

_RANGE = re.compile(r"bytes=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


class Answer(NamedTuple):
    """Which bytes ``[start, end)`` are sent under which status."""

    status: int
    start: int
    end: int


def choose_answer(method: str, headers: Mapping[str, str], etag: str, size_bytes: int) -> Answer:
    """What a GET or HEAD gets; ``etag`` comes with its quotes, header names in lower case.

    Several ranges at once, and ranges that make no sense, are answered with everything, as HTTP
    allows; so is any range of an empty file, which clients use to ask for its headers.
    """
    everything = Answer(200, 0, size_bytes)
    if "if-match" in headers and not _names(headers["if-match"], etag):
        return Answer(412, 0, 0)
    if _names(headers.get("if-none-match", ""), etag):
        return Answer(304, 0, 0)
    match = _RANGE.fullmatch(headers.get("range", ""))
    if not match or method != "GET" or size_bytes == 0:
        return everything
    if headers.get("if-range", etag) != etag:
        return everything
    first, last = match.groups()
    if first:
        start, end = int(first), int(last) + 1 if last else size_bytes
        if last and end <= start:
            return everything
    elif last:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        return everything
    if start >= size_bytes:
        return Answer(416, 0, 0)
    return Answer(206, start, min(end, size_bytes))


def _names(condition: str, etag: str) -> bool:
    """Whether a list of entity tags names this one, weakly compared."""
    return condition.strip() == "*" or etag in _ETAG.findall(condition)


class ContentResponse(Response):
    """Sends a content, or the part of it that the request asks for."""

    def __init__(
        self,
        content: Content,
        headers: Mapping[str, str],
        *,
        background: BackgroundTask | None = None,
    ) -> None:
        """``headers`` have the ETag and everything that describes the content itself."""
        super().__init__(headers=headers, background=background)
        del self.headers["content-length"]  # Response's own, of an empty body
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content, etag = self._content, self.headers["etag"]
        answer = choose_answer(scope["method"], Headers(scope=scope), etag, content.size_bytes)
        self.status_code = answer.status
        self.headers["accept-ranges"] = "bytes"
        if answer.status == 206:
            self.headers["content-range"] = (
                f"bytes {answer.start}-{answer.end - 1}/{content.size_bytes}"
            )
        elif answer.status == 416:
            self.headers["content-range"] = f"bytes */{content.size_bytes}"
        if answer.status != 304:
            self.headers["content-length"] = str(answer.end - answer.start)
        start = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": self.raw_headers,
        }
        body = None
        if scope["method"] != "HEAD" and content.in_memory is not None:
            await send(start)
            part = content.in_memory[answer.start : answer.end]
            await send({"type": "http.response.body", "body": part})
            if self.background is not None:
                await self.background()
            return
        if scope["method"] != "HEAD" and answer.start < answer.end:
            by_kernel = ZERO_COPY in scope.get("extensions", {})
            body = await run_sync(_open, self._content, answer, by_kernel)
        if body is None:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
        else:
            with body.opened():
                await send(start)
                await _send_while_wanted(body, answer, receive, send)
        if self.background is not None:
            await self.background()


class _Body(NamedTuple):
    """The wanted bytes, opened: a file for the kernel, parts, or the first piece and the others."""

    file: BinaryIO | None
    first: bytes
    others: Iterator[bytes]
    parts: OpenedParts | None = None

    def opened(self) -> AbstractContextManager[object]:
        """Closes in the end what was opened before the head was sent."""
        first = self.parts.first if self.parts else None
        return (first.file if isinstance(first, Lying) else self.file) or nullcontext()


def _open(content: Content, answer: Answer, by_kernel: bool) -> _Body:
    """Get hold of the bytes before the head is sent: what fails here is still an error of ours."""
    if by_kernel and content.local_path is not None:
        with os_errors("opening a file's bytes"):
            return _Body(content.local_path.open("rb"), b"", iter(()))
    if content.parts is not None:
        parts = open_parts(content.parts(answer.start, answer.end, by_kernel))
        return _Body(None, b"", iter(()), parts)
    pieces = content.read(answer.start, answer.end)
    return _Body(None, next(pieces, b""), pieces)


async def _send_while_wanted(body: _Body, answer: Answer, receive: Receive, send: Send) -> None:
    async with anyio.create_task_group() as group:

        async def stop_when_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(stop_when_gone)
        if body.file is not None:
            await _send_file(body.file, answer, send)
        elif body.parts is not None:
            await send_parts(body.parts, send)
        else:
            await _send_pieces(body, send)
        group.cancel_scope.cancel()


async def _send_file(file: BinaryIO, answer: Answer, send: Send) -> None:
    with file:
        count = answer.end - answer.start
        message = {"type": ZERO_COPY, "file": file, "offset": answer.start, "count": count}
        await send({**message, "more_body": False})


async def _send_pieces(body: _Body, send: Send) -> None:
    piece: bytes | None = body.first
    following: list[bytes | None] = []

    async def read_next() -> None:
        following.append(await run_sync(_next, body.others))

    try:
        while piece is not None:
            async with anyio.create_task_group() as both:  # one is read while one is sent
                both.start_soon(read_next)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = following.pop()
        await send({"type": "http.response.body", "body": b""})
    finally:
        if close := getattr(body.others, "close", None):
            close()


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)
