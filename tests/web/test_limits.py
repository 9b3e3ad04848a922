"""Requests of one caller are counted, and too many of them are told to wait."""

from __future__ import annotations

import asyncio
import hashlib
from unittest.mock import create_autospec

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from paddock.hub.context import RequestLimits
from paddock.hub.types import Account, Caller
from paddock.web import limits as limits_module
from paddock.web.limits import RateLimits
from tests.live import LiveServer


class Clock:
    def __init__(self) -> None:
        self.seconds = 10.0

    def __call__(self) -> float:
        return self.seconds


def caller(name: str) -> Caller:
    """Whoever has tokens that begin with their name, and a number."""
    account = create_autospec(Account, instance=True, id=sum(name.encode()))
    return Caller(account, None)


async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
    """An application whose good tokens are "good", a dot and a name; it answers strangers too."""
    headers = dict(scope["headers"])
    sent = headers.get(b"authorization", headers.get(b"cookie", b"").partition(b"=")[2])
    word, _, rest = sent.decode().replace(" ", ".").partition(".")
    if word == "good":
        scope["paddock.caller"] = caller(rest.partition("-")[0])
    status = 401 if word == "wrong" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Hub:
    """The layer in front of the application, asked from any address."""

    def __init__(self, clock: Clock | None = None, **limits: int) -> None:
        self._app = RateLimits(answer, RequestLimits(**limits), now=clock or Clock())

    def get(
        self, token: str = "", path: str = "/api/models", *, of: str = "192.0.2.1", cookie: str = ""
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=(of, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                sent = {"Authorization": token} if token else {}
                return await client.get(path, headers=sent | ({"Cookie": cookie} if cookie else {}))

        return asyncio.run(ask())

    def many(self, times: int, token: str = "", **others: str) -> int:
        """How many of so many requests are let through."""
        return sum(self.get(token, **others).status_code != 429 for _ in range(times))


def statuses(clock: Clock, *requests: tuple[str, str], limits: RequestLimits) -> list[int]:
    hub = Hub(clock, api=limits.api, resolvers=limits.resolvers, pages=limits.pages)
    return [hub.get(token, path).status_code for path, token in requests]


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


def test_many_tokens_of_a_person_share_what_the_person_may_send() -> None:
    hub = Hub(api=100)
    for number in range(50):  # each becomes known, at the expense of its address
        hub.get(f"good.ada-{number}", of=f"192.0.2.{number}")
    assert sum(hub.many(5, f"good.ada-{number}") for number in range(50)) == 100
    hub.get("good.ben-0", of="192.0.2.200")
    assert hub.many(10, "good.ben-0") == 10


def test_one_token_leaves_something_to_the_others_of_its_person() -> None:
    hub = Hub(api=100)
    for token in ("good.ada-0", "good.ada-1"):
        hub.get(token)
    first = hub.get("good.ada-0")
    assert first.headers["ratelimit-policy"] == '"fixed window";"api";q=75;w=300'
    assert hub.many(1000, "good.ada-0") == 74
    assert hub.many(1000, "good.ada-1") == 25


def test_a_session_is_counted_as_its_person() -> None:
    hub = Hub(api=100)
    hub.get("good.ada-0")
    hub.get(cookie="paddock_session=good.ada-page")
    assert hub.many(1000, "good.ada-0") == 75
    assert hub.many(1000, cookie="paddock_session=good.ada-page") == 25


def test_strangers_and_wrong_tokens_share_their_address_and_a_home_is_one() -> None:
    hub = Hub(api=9)
    assert sum(hub.many(1, f"wrong {number}") for number in range(20)) == 9
    assert hub.many(5) == 0
    assert hub.many(5, of="192.0.2.2") == 5
    homes = [f"2001:db8:0:1::{number:x}" for number in range(20)]
    assert sum(hub.many(1, of=home) for home in homes) == 9
    assert hub.many(1, of="2001:db8:0:2::1") == 1


def test_who_is_known_or_proves_who_they_are_gets_past_strangers_at_their_address() -> None:
    hub = Hub(api=100)
    hub.get("good.ada-0")
    assert hub.many(200) == 99
    assert hub.many(50, "good.ada-0") == 50
    assert hub.many(50, "good.ben-0") == 50
    assert hub.many(200, "wrong 1") < 10


def test_a_token_that_is_of_no_use_any_more_is_a_stranger_s() -> None:
    hub = Hub(api=100)
    hub.get("good.ada-0")
    people = hub._app._people
    assert len(people) == 1
    (known,) = people
    people[hashlib.sha256(b"wrong 1").hexdigest()] = people[known]  # as if it was revoked since
    hub.get("wrong 1")
    assert list(people) == [known]


def test_too_many_addresses_are_counted_by_wider_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits_module, "MAX_CALLERS", 10)
    hub = Hub(api=5)
    hub.get("good.ada-0")
    assert sum(hub.many(1, of=f"2001:db8:0:{number:x}::1") for number in range(100)) == 9 + 5
    assert hub.many(1, of="198.51.100.1") == 1
    assert hub.many(1, "good.ada-0") == 1


def test_the_headers_say_what_is_left_and_the_next_window_starts_anew() -> None:
    clock = Clock()
    hub = Hub(clock, api=1)
    first = hub.get()
    assert first.headers["ratelimit"] == '"api";r=0;t=290'
    assert first.headers["ratelimit-policy"] == '"fixed window";"api";q=1;w=300'
    second = hub.get()
    assert second.status_code == 429
    assert "too many requests" in second.json()["error"]
    clock.seconds = 301
    assert hub.get().status_code == 200


def test_the_server_says_its_limits(shared_server: LiveServer) -> None:
    answer = httpx.get(f"{shared_server.url}/api/models")
    assert answer.headers["ratelimit-policy"] == '"fixed window";"api";q=100000;w=300'


@pytest.mark.parametrize("path", ["/api/models", "/a/b/resolve/main/x", "/login"])
def test_every_kind_of_answer_says_it(shared_server: LiveServer, path: str) -> None:
    assert "ratelimit" in httpx.get(shared_server.url + path).headers
