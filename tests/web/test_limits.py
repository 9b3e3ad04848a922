"""Requests of one caller are counted, and too many of them are told to wait."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from paddock.hub.context import RequestLimits
from paddock.web.limits import RateLimits
from tests.live import LiveServer


class Clock:
    def __init__(self) -> None:
        self.seconds = 10.0

    def __call__(self) -> float:
        return self.seconds


async def answer_200(scope: Scope, _receive: Receive, send: Send) -> None:
    """An application that knows one good token."""
    if scope["headers"] and b"good" in dict(scope["headers"]).get(b"authorization", b""):
        scope["paddock.caller"] = object()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def a_client(limits: RequestLimits, clock: Clock) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(RateLimits(answer_200, limits, now=clock))
    return httpx.AsyncClient(transport=transport, base_url="http://hub")


def statuses(clock: Clock, *requests: tuple[str, str], limits: RequestLimits) -> list[int]:
    async def ask() -> list[int]:
        async with a_client(limits, clock) as client:
            answers = [
                await client.get(path, headers={"Authorization": token} if token else {})
                for path, token in requests
            ]
            return [answer.status_code for answer in answers]

    return asyncio.run(ask())


def test_each_kind_of_request_has_a_count_of_its_own() -> None:
    limits = RequestLimits(api=2, resolvers=1, pages=1)
    asked = ["/api/models", "/api/models", "/a/b/resolve/main/x", "/a/b", "/api/models", "/a/c"]
    found = statuses(Clock(), *[(path, "") for path in asked], limits=limits)
    assert found == [200, 200, 200, 200, 429, 429]


def test_health_is_always_answered() -> None:
    limits = RequestLimits(api=1, resolvers=1, pages=1)
    assert statuses(Clock(), *[("/healthz", "")] * 5, limits=limits) == [200] * 5


def test_nothing_is_counted_where_the_limit_is_0() -> None:
    limits = RequestLimits(api=0, resolvers=1, pages=1)
    assert statuses(Clock(), *[("/api/models", "")] * 5, limits=limits) == [200] * 5


def test_a_good_token_has_its_own_count_and_wrong_ones_share_their_address() -> None:
    limits = RequestLimits(api=2)
    tokens = ["wrong-1", "wrong-2", "wrong-3", "", "good", "good"]
    found = statuses(Clock(), *[("/api/models", token) for token in tokens], limits=limits)
    assert found == [200, 200, 429, 429, 429, 429]
    known_first = ["good", "good", "good", "wrong-1", "wrong-2"]
    found = statuses(Clock(), *[("/api/models", token) for token in known_first], limits=limits)
    assert found == [200, 200, 200, 200, 429]


def test_the_headers_say_what_is_left_and_the_next_window_starts_anew() -> None:
    clock = Clock()

    async def ask() -> None:
        async with a_client(RequestLimits(api=1), clock) as client:
            first = await client.get("/api/models")
            assert first.headers["ratelimit"] == '"api";r=0;t=290'
            assert first.headers["ratelimit-policy"] == '"fixed window";"api";q=1;w=300'
            second = await client.get("/api/models")
            assert second.status_code == 429
            assert "too many requests" in second.json()["error"]
            clock.seconds = 301
            assert (await client.get("/api/models")).status_code == 200

    asyncio.run(ask())


def test_the_server_says_its_limits(shared_server: LiveServer) -> None:
    answer = httpx.get(f"{shared_server.url}/api/models")
    assert answer.headers["ratelimit-policy"] == '"fixed window";"api";q=100000;w=300'


@pytest.mark.parametrize("path", ["/api/models", "/a/b/resolve/main/x", "/login"])
def test_every_kind_of_answer_says_it(shared_server: LiveServer, path: str) -> None:
    assert "ratelimit" in httpx.get(shared_server.url + path).headers
