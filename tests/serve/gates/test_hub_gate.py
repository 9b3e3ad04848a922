"""The users of a live hub, each to the models they may read there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from paddock.errors import Unauthorized, Unavailable
from paddock.serve.callers import Arrival, Caller
from paddock.serve.gates import hub_gate
from paddock.serve.gates.hub_gate import HubGate
from tests.live import LiveServer
from tests.serve.fake_models import entry
from tests.serve.live import live_serving


@pytest.fixture
def hub(shared_server: LiveServer) -> Iterator[LiveServer]:
    shared_server.admin_api.create_repo("boss/open", exist_ok=True)
    shared_server.admin_api.create_repo("boss/secret", private=True, exist_ok=True)
    yield shared_server


def test_a_private_repository_is_for_those_who_may_read_it(hub: LiveServer) -> None:
    entries = [
        entry("boss/open", repository="boss/open"),
        entry("boss/secret", repository="boss/secret"),
    ]
    stranger, owner = hub.user("stranger"), hub.admin_token
    with live_serving(entries, gate=HubGate(hub.url)) as live:
        assert live.complete("boss/open", key=stranger).status_code == 200
        refused = live.complete("boss/secret", key=stranger)
        missing = live.complete("boss/none", key=stranger)
        assert refused.status_code == missing.status_code == 404
        assert refused.text.replace("secret", "none") == missing.text  # it is not there, for them
        assert live.complete("boss/secret", key=owner).status_code == 200
        seen = {
            name: {each["id"] for each in listed(live.client, name)} for name in (stranger, owner)
        }
        assert seen == {stranger: {"boss/open"}, owner: {"boss/open", "boss/secret"}}
        assert live.complete("boss/open", key="hf_wrong").status_code == 401
        assert live.complete("boss/open", key="ключ").status_code == 401


def listed(client: Any, key: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/models", headers={"authorization": f"Bearer {key}"})
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


class Counting(httpx2.AsyncBaseTransport):
    """Answers as it is told, and counts."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def who(gate: HubGate, token: str = "t") -> Caller:
    return asyncio.run(gate.caller(Arrival({"authorization": f"Bearer {token}"})))


def test_what_the_hub_said_is_kept_for_a_while() -> None:
    clock = [0.0]
    transport = Counting(httpx2.Response(200, json={"name": "ann"}), httpx2.Response(401))
    gate = HubGate("http://hub", now=lambda: clock[0], transport=transport)
    assert {who(gate).name for _ in range(5)} == {"user:ann"}
    assert transport.asked == 1
    clock[0] += hub_gate.GOOD_SECONDS + 1  # revoked meanwhile
    for _ in range(3):
        with pytest.raises(Unauthorized):
            who(gate)
    assert transport.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ConnectError("no"),
        httpx2.Response(500),
        httpx2.Response(200, text="hello"),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json={"name": 7}),
        httpx2.Response(302, headers={"location": "http://elsewhere"}),
    ],
)
def test_a_hub_that_does_not_say_lets_nobody_in(answer: httpx2.Response | Exception) -> None:
    gate = HubGate("http://hub", transport=Counting(answer))
    with pytest.raises(Unavailable):
        who(gate)


def test_no_more_is_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_gate, "MAX_KEPT", 10)
    gate = HubGate("http://hub", transport=Counting(*[httpx2.Response(401) for _ in range(50)]))
    for number in range(50):
        with pytest.raises(Unauthorized):
            who(gate, str(number))
    assert len(gate._kept) <= 10


def test_a_caller_shows_no_token(tmp_path: Path) -> None:
    transport = Counting(httpx2.Response(200, json={"name": "ann"}))
    assert "hf_secret" not in repr(who(HubGate("http://hub", transport=transport), "hf_secret"))
