"""Work that takes turns at the processor, in threads of its own number.

The server's pool has 40 threads, made for requests that wait. Those that compute instead hold each
other up when they all run: a thread that gives the interpreter away at every statement to the
database gets it back behind all the others, and each change costs more than the work between two.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")

_CORES = os.cpu_count() or 1
_PAGES = 1 + _CORES  # one may wait for a disk or a database while the others compute
_heavy: RunVar[anyio.CapacityLimiter] = RunVar("paddock_heavy_work")
_wide: RunVar[anyio.CapacityLimiter] = RunVar("paddock_wide_work")
_brief: RunVar[anyio.CapacityLimiter] = RunVar("paddock_brief_work")
_pages: RunVar[anyio.CapacityLimiter] = RunVar("paddock_pages")


async def run_heavy(work: Callable[..., T], *arguments: object) -> T:
    """Run what hashes much or waits for a disk."""
    return await _run(_heavy, 2 + 2 * _CORES, work, *arguments)


async def run_wide(work: Callable[..., T], *arguments: object) -> T:
    """Run what takes a hundred megabytes of memory while it runs, two at a time."""
    return await _run(_wide, 2, work, *arguments)


async def run_brief(work: Callable[..., T], *arguments: object) -> T:
    """Run what looks up a few rows and answers within milliseconds, first come, first served."""
    return await _run(_brief, _CORES, work, *arguments)


def page_turn() -> anyio.CapacityLimiter:
    """What a request for a page holds while its threads look up and fill it."""
    return _limiter(_pages, _PAGES)


async def _run(
    of: RunVar[anyio.CapacityLimiter], most: int, work: Callable[..., T], *arguments: object
) -> T:
    return await anyio.to_thread.run_sync(work, *arguments, limiter=_limiter(of, most))


def _limiter(of: RunVar[anyio.CapacityLimiter], most: int) -> anyio.CapacityLimiter:
    try:
        return of.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(most)
        of.set(limiter)
        return limiter
