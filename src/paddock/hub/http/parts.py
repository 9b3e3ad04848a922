"""A content's parts on their way out: several are fetched while one is sent, and sent in order.

Knows that a part is bytes or a place where the kernel finds them; not what it is part of. The
threads that fetch are as many as there are processors and shared by all answers, and none waits for
a client: what was fetched for one that reads slowly waits here, a few megabytes for each.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

from anyio.to_thread import run_sync
from starlette.types import Send

from paddock.hub.large.content import Part
from paddock.hub.xet.fetching import Fetched, Lying

ZERO_COPY = "http.response.zerocopysend"
_AHEAD = 3


class OpenedParts(NamedTuple):
    """The first part, fetched, and those that follow."""

    first: Fetched
    others: Iterator[list[Part]]


def open_parts(parts: Iterator[list[Part]]) -> OpenedParts:
    """Fetch the first part, so that what fails early is still an error of ours."""
    first, *others = next(parts)
    return OpenedParts(first(), itertools.chain([others], parts))


async def send_parts(opened: OpenedParts, send: Send) -> None:
    """Send all of them as the body of an answer whose head was sent."""
    part: Fetched | None = opened.first
    coming = _Coming(opened.others)
    try:
        while part is not None:
            await coming.fetch()
            if isinstance(part, Lying):
                await _send_lying(part, send)
            elif isinstance(part, list):
                await send({"type": ZERO_COPY, "pieces": part, "more_body": True})
            else:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            part = await coming.next()
        await send({"type": "http.response.body", "body": b""})
    finally:
        if isinstance(part, Lying):
            part.file.close()
        coming.forget()


class _Coming:
    """Parts that are being fetched, and those that are not yet."""

    def __init__(self, others: Iterator[list[Part]]) -> None:
        self._others = others
        self._planned: deque[Part] = deque()
        self._is_planned = False  # all of it
        self._fetching: deque[asyncio.Future[Fetched]] = deque()

    async def fetch(self) -> None:
        """Let as many be on their way as may be."""
        loop = asyncio.get_running_loop()
        while len(self._fetching) < _AHEAD:
            while not self._planned and not self._is_planned:
                some = await run_sync(_next, self._others)
                self._is_planned = some is None
                self._planned.extend(some or ())
            if not self._planned:
                return
            self._fetching.append(loop.run_in_executor(_fetchers(), self._planned.popleft()))

    async def next(self) -> Fetched | None:
        """The part that is sent next, None after the last."""
        if not self._fetching:
            return None
        # Shielded, and taken only then: what arrives after a client left is closed by ``forget``.
        part = await asyncio.shield(self._fetching[0])
        self._fetching.popleft()
        return part

    def forget(self) -> None:
        """Nobody wants them any more."""
        for future in self._fetching:
            future.add_done_callback(_close)


async def _send_lying(part: Lying, send: Send) -> None:
    with part.file:
        count = sum(count for _, count in part.ranges)
        message = {"file": part.file, "offset": part.ranges[0][0], "count": count}
        await send({"type": ZERO_COPY, **message, "ranges": part.ranges, "more_body": True})


def _close(future: asyncio.Future[Fetched]) -> None:
    if future.cancelled() or future.exception() is not None:
        return
    if isinstance(part := future.result(), Lying):
        part.file.close()


def _next(parts: Iterator[list[Part]]) -> list[Part] | None:
    return next(parts, None)


@cache
def _fetchers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, "fetching-parts")
