"""Conditions and ranges as values, then the sending itself over a hand-driven ASGI connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.background import BackgroundTask

from paddock.hub.http.sending import ZERO_COPY, Answer, ContentResponse, choose_answer
from paddock.hub.large.content import Content, inline_content

ETAG = '"abc"'
HEADERS = {"ETag": ETAG, "Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("bytes=0-0", Answer(206, 0, 1)),
        ("bytes=2-5", Answer(206, 2, 6)),
        ("bytes=2-", Answer(206, 2, 10)),
        ("bytes=-3", Answer(206, 7, 10)),
        ("bytes=-30", Answer(206, 0, 10)),
        ("bytes=5-500", Answer(206, 5, 10)),
        ("BYTES=9-9", Answer(206, 9, 10)),
        ("bytes=10-", Answer(416, 0, 0)),
        ("bytes=10-20", Answer(416, 0, 0)),
        ("bytes=9999999999999999999-", Answer(416, 0, 0)),
        ("bytes=-0", Answer(416, 0, 0)),
        ("bytes=-", Answer(200, 0, 10)),
        ("bytes=5-4", Answer(200, 0, 10)),
        ("bytes=0-1,3-4", Answer(200, 0, 10)),
        ("bytes=a-b", Answer(200, 0, 10)),
        ("bytes=١-٢", Answer(200, 0, 10)),
        ("bytes=" + "9" * 5000 + "-", Answer(200, 0, 10)),
        ("lines=0-1", Answer(200, 0, 10)),
        ("", Answer(200, 0, 10)),
    ],
)
def test_a_range_of_ten_bytes(header: str, answer: Answer) -> None:
    assert choose_answer("GET", {"range": header}, ETAG, 10) == answer


@pytest.mark.parametrize("header", ["bytes=0-0", "bytes=0-", "bytes=-1", "bytes=5-"])
def test_any_range_of_an_empty_file_is_the_empty_file(header: str) -> None:
    assert choose_answer("GET", {"range": header}, ETAG, 0) == Answer(200, 0, 0)


def test_head_knows_no_ranges() -> None:
    assert choose_answer("HEAD", {"range": "bytes=0-0"}, ETAG, 10) == Answer(200, 0, 10)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": '"abc"'}, 304),
        ({"if-none-match": 'W/"abc"'}, 304),
        ({"if-none-match": '"x", "abc"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, 200),
        ({"if-none-match": "abc"}, 200),
        ({"if-match": '"abc"'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"x"'}, 412),
        ({"if-range": '"abc"', "range": "bytes=0-0"}, 206),
        ({"if-range": '"x"', "range": "bytes=0-0"}, 200),
        ({"if-range": 'W/"abc"', "range": "bytes=0-0"}, 200),
        ({"if-range": "Sat, 29 Oct 1994 19:43:31 GMT", "range": "bytes=0-0"}, 200),
    ],
)
def test_a_condition(headers: dict[str, str], status: int) -> None:
    assert choose_answer("GET", headers, ETAG, 10).status == status


@given(st.text(max_size=40), st.integers(0, 2**63))
def test_whatever_is_asked_the_bytes_are_inside(header: str, size_bytes: int) -> None:
    answer = choose_answer("GET", {"range": header}, ETAG, size_bytes)
    assert 0 <= answer.start <= answer.end <= size_bytes


class Connection:
    """An ASGI connection that remembers what was sent, and may go away after some messages."""

    def __init__(self, method: str = "GET", *, zero_copy: bool = False, **headers: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gone = anyio.Event()
        self.leaves_after: int | None = None
        raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        extensions = {ZERO_COPY: {}} if zero_copy else {}
        self.scope = {
            "type": "http", "method": method, "headers": raw, "extensions": extensions,
        }  # fmt: skip

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == ZERO_COPY:
            message = {**message, "name": message["file"].name, "closed": message["file"].closed}
        self.sent.append(message)
        if self.leaves_after is not None and len(self.sent) > self.leaves_after:
            self.gone.set()
            await anyio.sleep(60)  # a client that is gone takes nothing more

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    def header(self, name: str) -> str | None:
        found = [v for k, v in self.sent[0]["headers"] if k.decode() == name]
        assert len(found) < 2
        return found[0].decode() if found else None


def _answer(response: ContentResponse, connection: Connection) -> Connection:
    async def run() -> None:
        with anyio.fail_after(20):
            await response(connection.scope, connection.receive, connection.send)

    anyio.run(run)
    return connection


def test_a_content_is_sent_whole_or_in_part() -> None:
    def response() -> ContentResponse:
        return ContentResponse(inline_content(b"0123456789"), HEADERS)

    whole = _answer(response(), Connection())
    assert (whole.sent[0]["status"], whole.body()) == (200, b"0123456789")
    assert (whole.header("content-length"), whole.header("accept-ranges")) == ("10", "bytes")
    part = _answer(response(), Connection(range="bytes=2-3"))
    assert (part.sent[0]["status"], part.body()) == (206, b"23")
    assert (part.header("content-length"), part.header("content-range")) == ("2", "bytes 2-3/10")
    beyond = _answer(response(), Connection(range="bytes=10-"))
    assert (beyond.sent[0]["status"], beyond.body()) == (416, b"")
    assert (beyond.header("content-length"), beyond.header("content-range")) == ("0", "bytes */10")
    same = _answer(response(), Connection(if_none_match=ETAG))
    assert (same.sent[0]["status"], same.body(), same.header("etag")) == (304, b"", ETAG)


def test_head_has_the_headers_of_get_and_reads_nothing() -> None:
    def read(start: int, end: int) -> Iterator[bytes]:
        raise AssertionError("HEAD reads nothing")

    content = Content(10**12, None, read)
    connection = _answer(ContentResponse(content, HEADERS), Connection("HEAD"))
    assert connection.header("content-length") == str(10**12)
    assert (connection.sent[0]["status"], connection.body()) == (200, b"")


def test_a_file_goes_to_the_kernel_when_the_server_offers_it(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"0123456789")

    def read(start: int, end: int) -> Iterator[bytes]:
        yield path.read_bytes()[start:end]

    content = Content(10, path, read)
    by_kernel = _answer(
        ContentResponse(content, HEADERS), Connection(zero_copy=True, range="bytes=2-4")
    )
    message = by_kernel.sent[1]
    assert (message["name"], message["offset"], message["count"]) == (str(path), 2, 3)
    assert not message["closed"] and message["file"].closed
    by_hand = _answer(ContentResponse(content, HEADERS), Connection(range="bytes=2-4"))
    assert by_hand.body() == b"234"


def test_a_client_that_goes_away_stops_the_reading_and_frees_it() -> None:
    read_pieces, closed = [], []

    def read(start: int, end: int) -> Iterator[bytes]:
        try:
            for number in range(1000):
                read_pieces.append(number)
                yield b"x" * 1000
        finally:
            closed.append(True)

    connection = Connection()
    connection.leaves_after = 3
    _answer(ContentResponse(Content(1_000_000, None, read), HEADERS), connection)
    assert len(read_pieces) < 10
    assert closed == [True]


def test_the_background_runs_when_the_bytes_are_out() -> None:
    order: list[str] = []
    connection = Connection()

    def note() -> None:
        order.append(f"after {len(connection.sent)} messages")

    _answer(
        ContentResponse(inline_content(b"x"), HEADERS, background=BackgroundTask(note)), connection
    )
    assert order == [f"after {len(connection.sent)} messages"]
