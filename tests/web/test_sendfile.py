"""Files by the kernel: the bytes are right, and a client that leaves or dawdles costs nothing."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from paddock.http.protocol import uvicorn_options
from paddock.web.sendfile import EXTENSION, ZeroCopySend

SIZE_BYTES = 5_000_011


class OneFile:
    """Answers every request with a part of one file, as the query says: ``?offset&count``.

    With ``?offset&count&size`` from memory, in pieces that grow to ``size`` bytes and begin again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open_files = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offset, count, *most = map(int, scope["query_string"].split(b"&"))
        head = [(b"content-length", b"%d" % count)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        assert EXTENSION in scope["extensions"]
        self.open_files += 1
        try:
            with self.path.open("rb") as file:
                if most:
                    file.seek(offset)
                    given = {"pieces": list(in_pieces(file.read(count), most[0]))}
                else:
                    given = {"file": file, "offset": offset, "count": count}
                await send({"type": EXTENSION, **given})
        finally:
            self.open_files -= 1


def in_pieces(content: bytes, most: int) -> Iterator[memoryview]:
    """The content; every so often a piece is empty."""
    left, size = memoryview(content), 0
    while left:
        yield left[:size]
        left, size = left[size:], (size * 2 + 1) % (most + 1)


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE_BYTES)


@pytest.fixture
def app(tmp_path: Path, content: bytes) -> OneFile:
    (tmp_path / "file.bin").write_bytes(content)
    return OneFile(tmp_path / "file.bin")


@pytest.fixture
def port(app: OneFile) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(ZeroCopySend(app), **uvicorn_options()))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield listener.getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join(10)
    listener.close()


@pytest.mark.parametrize(
    ("offset", "count"), [(0, SIZE_BYTES), (1, 1), (0, 0), (4_999_000, 1011), (17, 3_000_000)]
)
def test_any_part_of_the_file_arrives_as_it_is(
    port: int, content: bytes, offset: int, count: int
) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/?{offset}&{count}")
    assert answer.content == content[offset : offset + count]


def test_one_connection_serves_file_after_file(port: int, content: bytes) -> None:
    with httpx.Client() as client:
        for offset in range(0, 3_000_000, 300_000):
            answer = client.get(f"http://127.0.0.1:{port}/?{offset}&1000000")
            assert answer.content == content[offset : offset + 1_000_000]


@pytest.mark.parametrize("most", [1, 100, 70_000, SIZE_BYTES])
def test_pieces_of_memory_arrive_in_order(port: int, content: bytes, most: int) -> None:
    count = min(SIZE_BYTES - 3, 400 * most)
    with httpx.Client() as client:
        for _ in range(2):  # what is left of the first would be taken for the second answer
            answer = client.get(f"http://127.0.0.1:{port}/?3&{count}&{most}")
            assert answer.content == content[3 : 3 + count]


def test_head_sends_the_size_and_no_body(port: int) -> None:
    with httpx.Client() as client:
        for _ in range(2):  # a body would be taken for the second answer
            answer = client.head(f"http://127.0.0.1:{port}/?0&1000")
            assert answer.headers["content-length"] == "1000"


@pytest.mark.parametrize("source", ["", "&90000"])
def test_a_slow_reader_gets_everything_while_others_are_served(
    port: int, content: bytes, source: str
) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)  # less than the file
        slow.connect(("127.0.0.1", port))
        asked = f"GET /?0&{SIZE_BYTES}{source} HTTP/1.1\r\n"
        slow.sendall(f"{asked}host: x\r\nconnection: close\r\n\r\n".encode())
        answer = httpx.get(f"http://127.0.0.1:{port}/?0&{SIZE_BYTES}")
        assert answer.content == content
        received = b"".join(iter(lambda: slow.recv(1 << 16), b""))
    assert received.partition(b"\r\n\r\n")[2] == content


def test_a_client_that_leaves_frees_the_file(port: int, app: OneFile) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /?0&%d HTTP/1.1\r\nhost: x\r\n\r\n" % SIZE_BYTES)
            client.recv(1000)
    deadline = time.monotonic() + 10
    while app.open_files and time.monotonic() < deadline:
        time.sleep(0.01)
    assert app.open_files == 0


def test_a_file_that_ends_early_breaks_the_answer_instead_of_ending_it(
    port: int, app: OneFile
) -> None:
    app.path.write_bytes(b"short")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{port}/?0&1000")
