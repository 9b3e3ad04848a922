"""A wire between a client and the hub: it counts what passes, and something may happen on the way.

What happens depends on bytes that have passed or on what was asked, never on time, so a client can
be killed half-way through anything on a machine of any speed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_PIECE_BYTES = 16 * 1024


class Event(NamedTuple):
    """What is to happen once: after so many bytes, or when a request is answered."""

    happen: Callable[[], None]
    sent_bytes: int | None = None
    received_bytes: int | None = None
    answered: bytes | None = None  # the text was in a request, and its answer has begun to come


class Wire:
    """Connections to one server, each carried by two threads."""

    def __init__(self, server_url: str) -> None:
        host, port = server_url.removeprefix("http://").split(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent_bytes = self.received_bytes = 0
        self._event: Event | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def expect(self, event: Event | None) -> None:
        """Let it happen, counting from here; None: nothing happens any more."""
        with self._lock:
            self.sent_bytes = self.received_bytes = 0
            self._event = event

    def forget(self) -> None:
        """Let nothing happen any more, and count on."""
        with self._lock:
            self._event = None

    @property
    def has_happened(self) -> bool:
        return self._event is None

    def cut(self) -> None:
        """Break every connection off, as a network does that goes away."""
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def carry(self) -> None:
        """Accept connections until the wire is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self._open |= {client, server}
            asked: list[Event] = []  # those whose request went by this connection
            for way in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(*way, asked), daemon=True).start()

    def close(self) -> None:
        # A thread that waits in accept() keeps the socket alive unless it is shut down first.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _pump(
        self, source: socket.socket, target: socket.socket, is_sent: bool, asked: list[Event]
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE_BYTES):
                self._count(piece, is_sent, asked)
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            finished = {source, target} if not is_sent else set()
            self._open -= finished

    def _count(self, piece: bytes, is_sent: bool, asked: list[Event]) -> None:
        with self._lock:
            if is_sent:
                self.sent_bytes += len(piece)
            else:
                self.received_bytes += len(piece)
            event = self._event
            if event is None or not self._is_due(event, piece, is_sent, asked):
                return
            self._event = None
        event.happen()

    def _is_due(self, event: Event, piece: bytes, is_sent: bool, asked: list[Event]) -> bool:
        if event.answered is not None:
            if is_sent and event.answered in piece:
                asked.append(event)
            return not is_sent and event in asked
        if event.sent_bytes is not None:
            return self.sent_bytes >= event.sent_bytes
        return event.received_bytes is not None and self.received_bytes >= event.received_bytes


@contextmanager
def wire_to(server_url: str) -> Iterator[Wire]:
    """A wire that carries until the block ends."""
    wire = Wire(server_url)
    carrier = threading.Thread(target=wire.carry, daemon=True)
    carrier.start()
    try:
        yield wire
    finally:
        wire.close()
        carrier.join(10)
