"""What a server tells of itself to whoever asks: health, figures, and nothing of its disk."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from paddock.errors import BadInput, NotFound, Unauthorized
from paddock.serve.callers import Arrival, Caller
from paddock.serve.errors import NoMemory
from paddock.serve.gates.open_gate import OpenGate
from paddock.serve.models.catalogue import Adapter
from paddock.serve.models.sources import PathSource
from paddock.serve.models.verifying import Rules
from tests.serve.fake_models import FakeLoader, entry
from tests.serve.live import LiveServing, live_serving

SECRET = "/srv/clients/acme/model"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/v1/models", "/v1/models/m"])
def test_head_says_what_get_would_without_a_body(path: str) -> None:
    with live_serving() as serving:
        got, head = serving.client.get(path), serving.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


def test_figures_are_without_the_times_at_which_they_began() -> None:
    with live_serving() as serving:
        assert serving.complete().status_code == 200
        told = serving.client.get("/metrics").text
        assert 'paddock_generated_tokens_total{model="m"}' in told
        assert "_created" not in told


def test_no_caller_is_told_a_path_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "clients" / "shop"
    folder.mkdir(parents=True)
    there = replace(entry("shop"), source=PathSource(folder, Rules(), 1))
    missing = entry("gone", error=NotFound(f"{SECRET} cannot be opened", hint=f"look at {SECRET}"))
    broken = entry("bad", error=BadInput(f"{SECRET} is no model", hint=f"look at {SECRET}"))
    unreadable = entry("closed", error=PermissionError(13, "Permission denied", SECRET))
    unforeseen = entry("odd", error=KeyError(SECRET))
    entries = [there, missing, broken, unreadable, unforeseen]
    with live_serving(entries) as serving:
        answers = [serving.complete(each.name) for each in entries[1:]]
        assert [each.status_code for each in answers] == [404, 503, 503, 503]
        again = [serving.complete(each.name) for each in entries[1:]]  # as it is remembered
        listing = serving.client.get("/v1/models")
        for answer in [*answers, *again, listing, serving.client.get("/metrics")]:
            assert SECRET not in answer.text and str(tmp_path) not in answer.text
        assert listing.json()["data"][0]["root"] == "shop"
        assert "bad cannot be loaded: bad_input" in answers[1].json()["error"]["message"]


def test_what_the_operators_own_wish_meets_is_told_as_it_is() -> None:
    async def preload(serving: LiveServing) -> None:
        with pytest.raises(BadInput, match=SECRET):
            await serving.serving.preload("bad")

    with live_serving([entry("bad", error=BadInput(SECRET))]) as serving:
        asyncio.run(preload(serving))


class _Doorman(OpenGate):
    """Lets nobody in who has not said so."""

    async def caller(self, arrival: Arrival) -> Caller:
        if "authorization" not in arrival.headers:
            raise Unauthorized("who are you?")
        return Caller(arrival.headers["authorization"])


def test_a_client_makes_no_new_series_of_figures() -> None:
    source = entry("m")
    spiced = replace(source, name="spice", adapter="spice", adapters=(Adapter("spice", Path()),))
    with live_serving([source, spiced], gate=_Doorman()) as serving:
        for name in ("m", "spice", "none"):
            serving.complete(name, key="a")
        before = _series(serving)
        for number in range(20):
            strange = f"stranger-{number}"
            serving.complete(strange, key=strange, user=strange)
            serving.complete("m", key=strange, user=strange, stream=number % 2 == 0)
            serving.client.get(f"/v1/models/{strange}", headers={"authorization": strange})
            serving.client.get(f"/{strange}")
            serving.client.request(strange, "/v1/models")
            serving.client.post("/v1/completions", json={"model": strange})
        new = _series(serving) - before
        assert not [line for line in new if "stranger" in line]
        # Routes and statuses that were not asked for before, and each of them once.
        assert len({re.sub(r'le="[^"]*"', "", line) for line in new}) < 40


def _series(serving: LiveServing) -> set[str]:
    told = serving.client.get("/metrics").text
    return {line.rpartition(" ")[0] for line in told.splitlines() if not line.startswith("#")}


def test_that_there_is_no_memory_is_said_in_numbers() -> None:
    loader = FakeLoader(error=NoMemory("m needs 100 bytes; the budget is 10"))
    with live_serving(loader=loader) as serving:
        assert "the budget is 10" in serving.complete().json()["error"]["message"]
