"""What every answer carries and what every request is bounded by."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from http import client as http_client

import httpx
import pytest

from paddock.web.app import DEFAULT_BODY_BYTES
from tests.live import LiveServer


@pytest.fixture
def http(shared_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared_server.url) as client:
        yield client


def test_a_clients_request_id_comes_back_and_a_missing_one_is_made(http: httpx.Client) -> None:
    sent = {"X-Request-Id": "abc-123", "X-Amzn-Trace-Id": "Root=1-2"}
    assert http.get("/healthz", headers=sent).headers["X-Request-Id"] == "abc-123"
    traced = http.get("/nothing/here", headers={"X-Amzn-Trace-Id": "Root=1-2"})
    assert traced.headers["X-Request-Id"] == "Root=1-2"
    assert re.fullmatch("[0-9a-f]{24}", http.get("/healthz").headers["X-Request-Id"])


def test_health_and_figures_answer_head_too(http: httpx.Client) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        got, head = http.get(path), http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
    assert "_created" not in http.get("/metrics").text


def test_a_request_id_that_could_confuse_a_log_is_not_repeated(http: httpx.Client) -> None:
    for hostile in ("a b", "x" * 200, "{}", "<script>"):
        answer = http.get("/healthz", headers={"X-Request-Id": hostile})
        assert answer.headers["X-Request-Id"] != hostile


def test_a_body_over_the_limit_is_refused_before_it_is_read(shared_server: LiveServer) -> None:
    connection = http_client.HTTPConnection(shared_server.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/api/repos/create")
    connection.putheader("Content-Length", "99999999999")
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()  # and not one byte of the body
    answer = connection.getresponse()
    assert answer.status == 413
    assert str(DEFAULT_BODY_BYTES) in json.load(answer)["error"]
    connection.close()


def test_a_chunked_body_is_counted_as_it_arrives(http: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000_000

    try:
        answer = http.post("/api/repos/create", content=endless())
    except httpx.HTTPError:
        return  # refused and closed while we were still sending
    assert answer.status_code == 413


def test_who_sends_too_much_reads_why_before_the_connection_ends(shared_server: LiveServer) -> None:
    host, port = shared_server.url.removeprefix("http://").split(":")
    body = b" " * (DEFAULT_BODY_BYTES + (1 << 20))
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(
            b"POST /api/repos/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        client.sendall(body)
        read = b"".join(iter(lambda: client.recv(4096), b""))  # no reset
    assert read.startswith(b"HTTP/1.1 413") and str(DEFAULT_BODY_BYTES).encode() in read


def test_an_unknown_address_is_json_for_a_program(http: httpx.Client) -> None:
    answer = http.get("/api/nothing/of/the/sort/at/all")
    assert answer.status_code == 404
    assert answer.json()["error"]
    assert answer.headers["X-Error-Message"]


def test_a_failure_of_our_own_says_nothing_but_its_id(
    http: httpx.Client, shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(shared_server.hub.database), "read", lambda self: broken())
    answer = http.get("/", headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "find-me" in answer.json()["error"]


def test_an_error_in_unusual_letters_fits_into_a_header(http: httpx.Client) -> None:
    answer = http.get("/api/models/boss/%E2%98%83%0A%C3%A9/revision/main")
    assert answer.status_code in {400, 401}
    assert answer.headers["X-Error-Message"].isascii()


def test_a_browsers_script_may_read_the_headers_that_carry_facts(http: httpx.Client) -> None:
    answer = http.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Repo-Commit" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_figures_name_routes_and_never_addresses(http: httpx.Client) -> None:
    http.get("/somebody/secret-project")
    figures = http.get("/metrics").text
    assert "paddock_http_requests_total" in figures
    assert "secret-project" not in figures


def test_readiness_needs_the_database(
    http: httpx.Client, shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert http.get("/readyz").json() == {"status": "ready"}

    def unreachable(_self: object) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr(type(shared_server.hub.database), "read", unreachable)
    assert http.get("/readyz").status_code == 503
    assert http.get("/healthz").status_code == 200
