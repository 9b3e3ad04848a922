"""The serving application on a real socket, in the test's process, over models that repeat."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from paddock.listening import address, listen
from paddock.serve.api.app import create_app
from paddock.serve.callers import Gate, Limits
from paddock.serve.gates.open_gate import OpenGate
from paddock.serve.limiter import Limiter
from paddock.serve.models.catalogue import Entry, FixedCatalogue
from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.server import DrainingServer, Stopping
from paddock.serve.serving import Serving
from tests.serve.fake_models import FakeLoader, entry
from tests.serve.process import until


@dataclass
class LiveServing:
    """A running server, and what is behind it."""

    url: str
    serving: Serving
    loader: FakeLoader
    client: httpx.Client

    def complete(self, model: str = "m", key: str = "-", **fields: object) -> httpx.Response:
        body = {"model": model, "prompt": "The teapot", "max_tokens": 3, **fields}
        headers = {"authorization": f"Bearer {key}".encode()}
        return self.client.post("/v1/completions", json=body, headers=headers)


@contextmanager
def live_serving(
    entries: Sequence[Entry] = (),
    *,
    gate: Gate | None = None,
    limits: Limits | None = None,
    budget_bytes: int = 100,
    max_in_hand: int = 1000,
    loader: FakeLoader | None = None,
) -> Iterator[LiveServing]:
    """Serve until the block ends; without ``entries`` one model, ``m``."""
    gate, limiter = gate or OpenGate(), Limiter(limits)
    loader = loader or FakeLoader()
    residents = Residents(loader, ResidentLimits(budget_bytes, room_seconds=0.3))
    catalogue = FixedCatalogue(entries or [entry("m")], gate)
    serving = Serving(catalogue, residents, limiter, max_in_hand=max_in_hand)
    listener = listen("127.0.0.1", 0)
    url = address(listener, "127.0.0.1")
    server = DrainingServer(create_app(serving, gate, limiter), Stopping(serving, gate, 0), _begin)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            yield LiveServing(url, serving, loader, client)
    finally:
        server.handle_exit(signal.SIGTERM, None)
        thread.join(30)
        assert not thread.is_alive()
        listener.close()


async def _begin() -> None:
    """Nothing is loaded before it is asked for."""
