"""Stands between a client and a server and counts the bytes that the client sends.

Every byte of every connection counts, headers too. It takes part in no timing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE_BYTES = 1 << 20


class CountingProxy:
    """What went to the server so far, on all connections."""

    def __init__(self, listener: socket.socket, server: tuple[str, int]) -> None:
        self._listener, self._server = listener, server
        self._lock, self._sent_bytes = threading.Lock(), 0

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    @property
    def sent_bytes(self) -> int:
        with self._lock:
            return self._sent_bytes

    def accept(self) -> None:
        """Pass connections on until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for source, target in ((client, server), (server, client)):
                    counts = source is client
                    threading.Thread(
                        target=self._pass_on, args=(source, target, counts), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        piece = bytearray(_PIECE_BYTES)
        with suppress(OSError):
            while count := source.recv_into(piece):
                if counts:
                    with self._lock:
                        self._sent_bytes += count
                target.sendall(memoryview(piece)[:count])
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def counting_proxy(address: str) -> Iterator[CountingProxy]:
    """A proxy in front of the server at ``HOST:PORT``."""
    host, _, port = address.partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = CountingProxy(listener, (host, int(port)))
        thread = threading.Thread(target=proxy.accept, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
