"""What the frame does for an application, whichever it is: the two that we have are tried live."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from paddock.http.bodies import BODY_LIMIT_KEY, OWN_BYTES, BodyMemory
from paddock.http.frame import HEADERS_KEY, Figures, Frame, Framing

FIGURES = Figures("tried_http")


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads its body, as far as it may, and says how that ended."""
    if scope["path"] == "/more":
        scope[BODY_LIMIT_KEY] = 5000
    scope[HEADERS_KEY] = {"x-left": "3"}
    status = 200
    try:
        while (await receive()).get("more_body"):
            pass
    except HTTPException as e:
        status = e.status_code
    await send({"type": "http.response.start", "status": status, "headers": []})
    if scope["path"] == "/half":
        raise RuntimeError("in the middle")
    await send({"type": "http.response.body", "body": b""})
    if scope["path"] == "/late":
        raise RuntimeError("behind the end")


def ask(app: ASGIApp, method: str, path: str, body: bytes = b"") -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, content=body)

    return asyncio.run(answer())


def framed(memory: BodyMemory | None = None, limit: int = 1000) -> Frame:
    return Frame(reads_all, Framing("tried", FIGURES, limit, memory, id_prefix="it_"))


def test_an_answer_carries_its_id_and_what_its_handler_adds() -> None:
    answer = ask(framed(), "GET", "/")
    assert re.fullmatch("it_[0-9a-f]{24}", answer.headers["x-request-id"])
    assert answer.headers["x-left"] == "3"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_handler_may_take_more_than_usual() -> None:
    assert ask(framed(), "POST", "/", b"x" * 1001).status_code == 413
    assert ask(framed(), "POST", "/more", b"x" * 5000).status_code == 200
    assert ask(framed(), "POST", "/more", b"x" * 5001).status_code == 413


def test_memory_is_for_large_bodies_and_given_back() -> None:
    app = framed(BodyMemory(1000), limit=1 << 20)
    assert ask(app, "POST", "/", b"x" * (OWN_BYTES + 1001)).status_code == 503
    for _ in range(3):
        assert ask(app, "POST", "/", b"x" * (OWN_BYTES + 1000)).status_code == 200


def test_methods_of_ones_own_invention_are_counted_as_one() -> None:
    ask(framed(), "BREW", "/")
    ask(framed(), "STIR", "/")
    labels = {"method": "other", "route": "none", "status": "200"}
    assert REGISTRY.get_sample_value("tried_http_requests_total", labels) == 2
    assert REGISTRY.get_sample_value("tried_http_requests_in_flight") == 0


def test_half_an_answer_ends_the_connection_and_a_whole_one_does_not() -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        ask(framed(), "GET", "/half")
    assert ask(framed(), "GET", "/late").status_code == 200
