"""One delivery to receivers that misbehave, and to addresses that it may not reach."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence

import pytest

from paddock.hub.webhooks import sending
from paddock.hub.webhooks.sending import MAX_ANSWER_BYTES, Limits, Outcome
from tests.fakes.receiver import Receiver, receiver

ANY = Limits("any", deadline_seconds=1.0)
PUBLIC = Limits("public", deadline_seconds=1.0)


@pytest.fixture
def fake() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def send(url: str, limits: Limits = ANY) -> Outcome:
    started = time.monotonic()
    outcome = sending.send(url, {"X-Webhook-Secret": "s"}, b"{}", limits)
    assert time.monotonic() - started < 5
    return outcome


def test_a_body_and_its_headers_arrive(fake: Receiver) -> None:
    outcome = send(fake.url + "/a/b?c=d")
    assert outcome.is_delivered
    assert (outcome.status_code, outcome.answer, outcome.error) == (200, "thanks", None)
    [request] = fake.received
    assert (request.path, request.body) == ("/a/b?c=d", b"{}")
    assert request.headers["x-webhook-secret"] == "s"
    assert request.headers["host"] == fake.url.removeprefix("http://")
    assert send(fake.url).is_delivered
    assert fake.received[1].path == "/"


@pytest.mark.parametrize("status", [301, 400, 404, 410, 429, 500, 503])
def test_only_2xx_is_delivered(fake: Receiver, status: int) -> None:
    fake.statuses = [status]
    outcome = send(fake.url)
    assert outcome.status_code == status
    assert not outcome.is_delivered


def test_a_redirect_is_not_followed(fake: Receiver) -> None:
    outcome = send(fake.url + "/redirect")
    assert outcome.status_code == 307
    assert [request.path for request in fake.received] == ["/redirect"]


def test_of_an_endless_answer_the_beginning_is_read(fake: Receiver) -> None:
    outcome = send(fake.url + "/huge")
    assert outcome.is_delivered
    assert outcome.answer == "x" * MAX_ANSWER_BYTES


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_a_receiver_that_keeps_us_waiting_is_left_at_the_deadline(
    fake: Receiver, path: str
) -> None:
    outcome = send(fake.url + path)
    assert outcome.error == "no answer within 1 seconds"
    assert 900 < outcome.duration_ms < 3000


@pytest.mark.parametrize("path", ["/hang_up", "/nonsense"])
def test_a_receiver_that_speaks_no_http_is_an_error(fake: Receiver, path: str) -> None:
    outcome = send(fake.url + path)
    assert outcome.status_code is None
    assert (outcome.error or "").startswith("the connection failed: ")


def test_an_answer_that_is_no_text_can_be_kept(fake: Receiver) -> None:
    assert send(fake.url + "/binary").answer == "\ufffd\ufffd\ufffd text"


def test_nobody_listening_is_an_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = send(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert "refused" in (outcome.error or "")


def test_tls_is_verified_and_plain_http_is_no_tls(fake: Receiver) -> None:
    outcome = send(fake.url.replace("http://", "https://"))
    assert outcome.status_code is None
    assert fake.received == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "017700000001",
        "0x7f.0.0.1", "127.000.000.001", "localhost.", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "0",
    ],
)  # fmt: skip
def test_no_spelling_of_this_machine_reaches_it(fake: Receiver, host: str) -> None:
    port = fake.url.rsplit(":", 1)[1]
    outcome = send(f"http://{host}:{port}/", PUBLIC)
    assert outcome.status_code is None
    assert fake.received == []


def answers(*rounds: Sequence[str]) -> sending.Resolve:
    """A name server that gives another answer each time."""
    left = list(rounds)
    return lambda _host, _port: left.pop(0) if left else ["127.0.0.1"]


def test_a_name_that_is_rebound_between_check_and_use_is_asked_only_once(
    fake: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    port = fake.url.rsplit(":", 1)[1]
    url = f"http://rebinding.example:{port}/"
    outcome = sending.send(url, {}, b"", PUBLIC, resolve=answers(["93.184.216.34"]))
    assert connected == ["93.184.216.34"]  # the address that was checked, and no name
    assert not outcome.is_delivered


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["::1"], ["169.254.169.254"], ["93.184.216.34", "10.0.0.1"],
        ["::ffff:127.0.0.1"], ["fd00::1"], ["64:ff9b::7f00:1"],
    ],
)  # fmt: skip
def test_a_name_with_a_private_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", connect)
    outcome = sending.send("http://evil.example/", {}, b"", PUBLIC, resolve=answers(addresses))
    assert outcome.error == "the address is not one of the public internet"


def test_the_next_address_is_tried_when_one_refuses(fake: Receiver) -> None:
    port = fake.url.rsplit(":", 1)[1]
    found = answers(["127.0.0.2", "127.0.0.1"])
    outcome = sending.send(f"http://two.example:{port}/", {}, b"", ANY, resolve=found)
    assert outcome.is_delivered
    assert fake.received[0].headers["host"] == f"two.example:{port}"


@pytest.mark.parametrize("problem", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_resolved_is_an_error(problem: Exception) -> None:
    def fail(_host: str, _port: int) -> list[str]:
        raise problem

    outcome = sending.send("http://x.example/", {}, b"", PUBLIC, resolve=fail)
    assert outcome.error == "the connection failed: the name cannot be resolved"
    nothing = sending.send("http://x.example/", {}, b"", PUBLIC, resolve=lambda *_: [])
    assert nothing.error == "the connection failed: the name has no address"


def test_a_proxy_of_the_environment_is_not_used(
    fake: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert send(fake.url).is_delivered
