"""What callers are held to, as clients see it: 429 with when to come back, 413, 503."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from openai import APIStatusError, NotFoundError, OpenAI, RateLimitError

from paddock.errors import BadInput
from paddock.serve.api import app
from paddock.serve.callers import Caller, Limits
from paddock.serve.errors import TooManyRequests
from paddock.serve.limiter import Limiter
from tests.serve.fake_models import FakeLoader, entry
from tests.serve.live import live_serving
from tests.serve.process import until


def test_requests_a_minute_are_counted_and_told() -> None:
    with live_serving(limits=Limits(requests_per_minute=3)) as live:
        answers = [live.complete() for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        left = [each.headers["x-ratelimit-remaining-requests"] for each in answers]
        assert left == ["2", "1", "0", "0"]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert answers[3].json()["error"]["type"] == "rate_limit_error"
        client = OpenAI(base_url=f"{live.url}/v1", api_key="-", max_retries=0)
        with pytest.raises(RateLimitError, match="3 requests a minute"):
            client.completions.create(model="m", prompt="x")


def test_tokens_a_minute_are_charged_when_they_were_used() -> None:
    with live_serving(limits=Limits(tokens_per_minute=60)) as live:
        first = live.complete(max_tokens=80)
        assert first.status_code == 200
        refused = live.complete()
        assert refused.status_code == 429 and "60 tokens a minute" in refused.text
        assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
        assert int(refused.headers["retry-after"]) >= 20


def test_requests_at_once_are_counted_until_the_last_byte() -> None:
    with live_serving(limits=Limits(concurrent=1)) as live:
        assert live.complete().status_code == 200
        backend = live.loader.backends[0]
        backend.held.clear()
        body = {"model": "m", "prompt": "The teapot", "max_tokens": 9, "stream": True}
        with httpx.stream("POST", f"{live.url}/v1/completions", json=body) as answer:
            lines = answer.iter_lines()  # a generator that is let go closes the answer
            next(lines)
            assert live.complete().status_code == 429
        until(lambda: backend.open == 0, 20)
        backend.held.set()
        assert live.complete().status_code == 200


def test_a_client_that_leaves_ends_its_request() -> None:
    with live_serving() as live:
        live.complete()
        backend = live.loader.backends[0]
        backend.held.clear()
        bodies = [{"stream": True}, {"stream": False}]
        for body in bodies:
            with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.3) as client:
                asked = {"model": "m", "prompt": "The teapot", "max_tokens": 9, **body}
                client.post(f"{live.url}/v1/completions", json=asked)
            until(lambda: backend.open == 0, 20)


def test_no_more_than_so_many_are_in_hand_at_all() -> None:
    with live_serving(max_in_hand=2) as live:
        live.complete()
        live.loader.backends[0].held.clear()
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(live.complete, max_tokens=9) for _ in range(2)]
            until(lambda: live.loader.backends[0].open == 2, 20)
            refused = live.complete()
            assert refused.status_code == 429 and refused.headers["retry-after"]
            live.loader.backends[0].held.set()
            assert [each.result().status_code for each in waiting] == [200, 200]


def test_a_body_above_the_limit_is_refused_in_openais_shape() -> None:
    with live_serving() as live:
        large = b'{"model": "' + b"x" * (11 << 20) + b'"}'
        for content in (large, iter([large])):
            refused = live.client.post("/v1/completions", content=content)
            assert refused.status_code == 413
            assert refused.json()["error"]["type"] == "invalid_request_error"


def test_who_sends_too_much_reads_why_before_the_connection_ends() -> None:
    with live_serving() as live:
        with socket.create_connection(("127.0.0.1", int(live.url.rsplit(":", 1)[1]))) as client:
            client.sendall(
                b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                % (11 << 20)
            )
            client.sendall(b" " * (11 << 20))
            read = b"".join(iter(lambda: client.recv(4096), b""))  # no reset
        assert read.startswith(b"HTTP/1.1 413") and b"larger than 10485760 bytes" in read


def test_a_crowd_of_slow_senders_takes_no_more_memory_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "MAX_BODIES_BYTES", 1 << 20)
    head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
    with live_serving() as live, ExitStack() as stack:
        place = "127.0.0.1", int(live.url.rsplit(":", 1)[1])
        slow = [stack.enter_context(socket.create_connection(place)) for _ in range(4)]
        for client in slow[:3]:
            client.sendall(head + b" " * 300_000)
        slow[3].sendall(head + b" " * 1_000_000)
        refused = slow[3].recv(4096)
        assert refused.startswith(b"HTTP/1.1 503") and b"retry-after: 5" in refused
        assert live.complete().status_code == 200  # small, and so not held up
        for client in slow:
            client.close()
        until(lambda: live.complete(prompt="x" * 900_000).status_code != 503, 20)


def test_models_that_are_not_there_and_that_cannot_be_loaded() -> None:
    torn = FakeLoader(error=BadInput("the file is torn"))
    with live_serving(loader=torn) as live:
        client = OpenAI(base_url=f"{live.url}/v1", api_key="-", max_retries=0)
        with pytest.raises(NotFoundError, match="does not exist"):
            client.completions.create(model="other", prompt="x")
        with pytest.raises(APIStatusError, match="m cannot be loaded: bad_input") as failed:
            client.completions.create(model="m", prompt="x")
        assert failed.value.status_code == 503
        assert failed.value.response.headers["retry-after"]


def test_memory_that_is_full_is_503_and_no_crash() -> None:
    entries = [entry(name) for name in "ab"]
    with live_serving(entries, budget_bytes=10) as live:
        assert live.complete("a").status_code == 200
        live.loader.backends[0].held.clear()
        busy = threading.Thread(target=live.complete, args=["a"], kwargs={"max_tokens": 9})
        busy.start()
        until(lambda: live.loader.backends[0].open == 1, 20)
        refused = live.complete("b")
        assert refused.status_code == 503 and refused.headers["retry-after"]
        live.loader.backends[0].held.set()
        busy.join()
        listed = {each["id"]: each for each in live.client.get("/v1/models").json()["data"]}
        assert set(listed) == {"a", "b"} and listed["a"]["max_model_len"]


def test_figures_are_told_by_model() -> None:
    with live_serving([entry("figured")]) as live:
        live.complete("figured", max_tokens=5)
        live.complete("nobody's")
        told = live.client.get("/metrics").text
        assert 'paddock_generated_tokens_total{model="figured"} 5.0' in told
        assert 'paddock_time_to_first_token_seconds_count{model="figured"} 1.0' in told
        assert 'paddock_inter_token_seconds_count{model="figured"} 4.0' in told
        assert 'paddock_model_loaded{model="figured"} 1.0' in told
        assert "nobody's" not in told
        assert live.client.get("/readyz").status_code == 200


def test_an_address_that_is_none_and_a_method_that_is_none() -> None:
    with live_serving() as live:
        for answer in (live.client.get("/v2/x"), live.client.put("/v1/completions")):
            assert answer.status_code in {404, 405}
            assert answer.json()["error"]["message"]


def test_buckets_fill_evenly() -> None:
    clock = [0.0]
    limiter = Limiter(Limits(requests_per_minute=60), now=lambda: clock[0])
    caller = Caller("c")
    for _ in range(60):
        limiter.count_request(caller)
    with pytest.raises(TooManyRequests) as refused:
        limiter.count_request(caller)
    assert refused.value.retry_after_seconds == 1
    clock[0] += 1
    limiter.count_request(caller)
    with pytest.raises(TooManyRequests):
        limiter.count_request(caller)


def test_a_crowd_of_callers_is_forgotten() -> None:
    clock = [0.0]
    limiter = Limiter(Limits(requests_per_minute=1), now=lambda: clock[0])
    for number in range(60_000):
        clock[0] += 0.002
        limiter.count_request(Caller(str(number)))
    assert len(limiter._accounts) <= 50_000


def test_a_crowd_that_comes_at_once_is_refused_and_who_was_there_is_not() -> None:
    clock = [0.0]
    limiter = Limiter(Limits(requests_per_minute=60), now=lambda: clock[0])
    for number in range(50_000):
        limiter.count_request(Caller(str(number)))
    for number in range(2):
        with pytest.raises(TooManyRequests, match="too many new callers"):
            limiter.count_request(Caller(f"new {number}"))
    limiter.count_request(Caller("7"))
    clock[0] += 61
    limiter.count_request(Caller("new"))
