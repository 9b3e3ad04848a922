"""Pages take turns at the processor; what waits by itself, or changes something, waits for none."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from paddock.web.app import _routers
from paddock.web.page_routes import InTurn, page_router

_VISITORS = 20
_MOST = 1 + (os.cpu_count() or 1)


class _Counted:
    """How many are inside at once, at the most; those inside leave when so many are there."""

    def __init__(self, crowd: int) -> None:
        self.inside = self.most = 0
        self._crowd = crowd
        self._lock = threading.Lock()
        self.is_crowded, self.may_leave = threading.Event(), threading.Event()

    def enter(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.inside == self._crowd:
                self.is_crowded.set()
        self.may_leave.wait(30)
        with self._lock:
            self.inside -= 1


@asynccontextmanager
async def _site(counted: _Counted) -> AsyncIterator[httpx.AsyncClient]:
    router = page_router()

    @router.get("/page")
    def page() -> None:
        counted.enter()

    @router.post("/form")
    def form() -> None:
        counted.enter()

    app = FastAPI()
    app.include_router(router)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "most"), [("GET", "/page", _MOST), ("POST", "/form", _VISITORS)]
)
def test_few_pages_are_in_hand_at_once(method: str, path: str, most: int) -> None:
    async def crowd() -> list[int]:
        answers: list[int] = []

        async def ask() -> None:
            answers.append((await client.request(method, path)).status_code)

        async with _site(counted) as client, anyio.create_task_group() as visitors:
            for _ in range(_VISITORS):
                visitors.start_soon(ask)
            own_thread = anyio.CapacityLimiter(1)
            await anyio.to_thread.run_sync(counted.is_crowded.wait, 30, limiter=own_thread)
            counted.may_leave.set()
        return answers

    counted = _Counted(most)
    assert anyio.run(crowd) == [200] * _VISITORS  # and nobody waits for good
    assert counted.most == most


def test_every_page_is_a_route_of_pages() -> None:
    others = {
        route.endpoint.__module__
        for router in _routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        and route.endpoint.__module__.startswith("paddock.web.")
        and not route.include_in_schema
        and not isinstance(route, InTurn)
    }
    assert others <= {"paddock.web.health", "paddock.web.static_files"}
