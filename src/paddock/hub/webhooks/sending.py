"""One delivery over HTTP: a POST to a stranger's address, bounded in every respect.

Knows sockets and HTTP, through httpcore2; does not know what is sent. The name is resolved once,
all its addresses are checked, and the connection goes to one of them: a name that answers otherwise
the second time gains nothing. No redirect is followed, no proxy is used. All of it, from the
resolver's answer to the last byte read, ends at one deadline, and no more than
``MAX_ANSWER_BYTES`` of a body is read.
"""

from __future__ import annotations

import functools
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from paddock.hub.webhooks.addresses import is_public

DEADLINE_SECONDS = 10.0
CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 4096
MAX_ADDRESSES = 4  # tried one after the other
MAX_ERROR_CHARS = 300

Resolve = Callable[[str, int], Sequence[str]]


class NotPublic(Exception):
    """The name leads to an address that webhooks may not be sent to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: with an answer, or with an error."""

    status_code: int | None = None
    error: str | None = None
    answer: str | None = None
    duration_ms: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What a delivery may reach and how long it may take."""

    targets: str  # "public" | "any"
    deadline_seconds: float = DEADLINE_SECONDS


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def send(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    limits: Limits,
    *,
    resolve: Resolve = resolve,
) -> Outcome:
    """POST the body; whatever happens is an outcome."""
    started = time.monotonic()
    backend = _Backend(limits.targets, started + limits.deadline_seconds, resolve)
    try:
        outcome = _post(url, headers, body, backend)
    except NotPublic:
        outcome = Outcome(error="the address is not one of the public internet")
    except httpcore2.TimeoutException:
        outcome = Outcome(error=f"no answer within {limits.deadline_seconds:g} seconds")
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as e:
        reason = " ".join(str(e).split()) or type(e).__name__
        outcome = Outcome(error=f"the connection failed: {reason}"[:MAX_ERROR_CHARS])
    milliseconds = round((time.monotonic() - started) * 1000)
    return Outcome(outcome.status_code, outcome.error, outcome.answer, milliseconds)


def _post(url: str, headers: Mapping[str, str], body: bytes, backend: _Backend) -> Outcome:
    parts = urlsplit(url)
    host = parts.hostname or ""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = httpcore2.URL(
        scheme=parts.scheme.encode(), host=host.encode(), port=parts.port, target=target.encode()
    )
    sent = {
        "Host": parts.netloc,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers,
    }
    pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
    seconds = dict.fromkeys(("read", "write", "pool"), DEADLINE_SECONDS)
    extensions = {"timeout": {**seconds, "connect": CONNECT_SECONDS}}
    with (
        httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
        pool.stream("POST", address, headers=pairs, content=body, extensions=extensions) as answer,
    ):
        return Outcome(status_code=answer.status, answer=_read_some(answer))


def _read_some(answer: httpcore2.Response) -> str | None:
    """The beginning of the answer's body; it was delivered, whatever becomes of the rest."""
    read = b""
    try:
        for piece in answer.iter_stream():
            read += piece
            if len(read) >= MAX_ANSWER_BYTES:
                break
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        pass
    text = (
        read[:MAX_ANSWER_BYTES]
        .decode("utf-8", "replace")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    return text or None


@functools.cache
def _tls() -> ssl.SSLContext:
    """The system's authorities, loaded once."""
    return httpcore2.default_ssl_context()


class _Backend(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, and lets nothing outlast the deadline."""

    def __init__(self, targets: str, deadline: float, resolve: Resolve) -> None:
        self._targets, self._deadline, self._resolve = targets, deadline, resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._addresses(host, port)
        for number, address in enumerate(addresses, start=1):
            try:
                seconds = _left(self._deadline, timeout, httpcore2.ConnectTimeout)
                stream = httpcore2.SyncBackend().connect_tcp(address, port, timeout=seconds)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _Stream(stream, self._deadline)
        raise httpcore2.ConnectError("the name has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = self._resolve(host, port)[:MAX_ADDRESSES]
        except (OSError, UnicodeError) as e:
            raise httpcore2.ConnectError("the name cannot be resolved") from e
        if self._targets != "any" and not all(is_public(address) for address in found):
            raise NotPublic
        return found


class _Stream(httpcore2.NetworkStream):
    """A connection on which every wait ends at the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds = _left(self._deadline, timeout, httpcore2.ReadTimeout)
        return self._stream.read(max_bytes, seconds)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        seconds = _left(self._deadline, timeout, httpcore2.WriteTimeout)
        self._stream.write(buffer, seconds)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        seconds = _left(self._deadline, timeout, httpcore2.ConnectTimeout)
        encrypted = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _Stream(encrypted, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None, late: type[Exception]) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise late
    return seconds if timeout is None else min(seconds, timeout)
