"""A client that costs next to nothing: requests written beforehand, answers read and measured."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

# What is written while it is sent is JSON here, and holds no line's end.
_IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding: chunked\r\n", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Connection:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.first_byte_at = 0.0  # of the last answer, by time.perf_counter

    def close(self) -> None:
        self._socket.close()

    def send(
        self, path: str, *, method: str = "GET", token: str = "", body: bytes = b"",
        headers: str = "",
    ) -> int:  # fmt: skip
        """Ask, and read the whole answer; gives its status. Headers are whole lines."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        if body:
            kind = "application/x-ndjson" if b"\n" in body else "application/json"
            head += f"Content-Length: {len(body)}\r\nContent-Type: {kind}\r\n"
        self._socket.sendall(f"{head}\r\n".encode() + body)
        received = bytearray(self._receive())
        self.first_byte_at = time.perf_counter()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head_lines = bytes(received[: end + 2])
        if _IN_CHUNKS.search(head_lines):
            while not received.endswith(_LAST_CHUNK):
                received += self._receive()
            return int(received[9:12])
        found = _LENGTH.search(head_lines)
        wanted = int(found[1]) if found and method != "HEAD" else 0
        while len(received) < end + 4 + wanted:
            received += self._receive()
        return int(received[9:12])

    def _receive(self) -> bytes:
        part = self._socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def timings(
    url: str, paths: Sequence[str], clients: int, token: str = "", headers: str = ""
) -> list[float]:
    """Seconds of each request, sorted; so many clients work through the paths together."""
    waiting: Iterator[str] = iter(paths)
    lock, taken = threading.Lock(), []
    failed: list[str] = []

    def work() -> None:
        connection = Connection(url)
        while True:
            with lock:
                path = next(waiting, None)
            if path is None or failed:
                break
            started = time.perf_counter()
            status = connection.send(path, token=token, headers=headers)
            taken.append(time.perf_counter() - started)
            if status != 200:
                failed.append(f"{path} answered {status}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
    return sorted(taken)


def percentile(values: Sequence[float], percent: float) -> float:
    """Of sorted values."""
    return values[min(int(len(values) * percent / 100), len(values) - 1)]


def repeated(paths: Sequence[str], count: int) -> list[str]:
    """The paths over and over, until there are so many."""
    return list(itertools.islice(itertools.cycle(paths), count))
