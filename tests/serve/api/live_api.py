"""The API on a real socket, in the test's process, over whatever one model a test brings."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import openai
import uvicorn

from paddock.http.protocol import uvicorn_options
from paddock.listening import address, listen
from paddock.serve.api.app import create_app
from paddock.serve.gates.open_gate import OpenGate
from paddock.serve.limiter import Limiter
from paddock.serve.models.catalogue import Entry, FixedCatalogue
from paddock.serve.models.loaded import Loader
from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.models.sources import PathSource
from paddock.serve.models.verifying import Rules
from paddock.serve.serving import Serving
from paddock.starter import starter_folder
from tests.serve.process import until

START_SECONDS = 60.0


@dataclass
class LiveApi:
    """A running API; ``model`` is the name of its one model."""

    url: str
    model: str
    http: httpx.Client

    def openai(self, **options: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="-", max_retries=0, **options)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(path, json={"model": self.model, **body})


@contextmanager
def live_api(make_loader: Callable[[], Loader], model: str = "shop/starter") -> Iterator[LiveApi]:
    """Serve one model until the block ends."""
    listener = listen("127.0.0.1", 0)
    gate, limiter = OpenGate(), Limiter()
    source = PathSource(starter_folder(), Rules(), created=1_700_000_000)
    catalogue = FixedCatalogue([Entry(model, source)], gate)
    started = threading.Event()
    servers: list[uvicorn.Server] = []

    async def main() -> None:
        residents = Residents(make_loader(), ResidentLimits(budget_bytes=4 << 30))
        serving = Serving(catalogue, residents, limiter)
        app = create_app(serving, gate, limiter)
        servers.append(uvicorn.Server(uvicorn.Config(app, **uvicorn_options())))
        started.set()
        await servers[0].serve(sockets=[listener])
        await serving.close()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(START_SECONDS)
    until(lambda: servers[0].started)
    try:
        url = address(listener, "127.0.0.1")
        with httpx.Client(base_url=url, timeout=60) as client:
            yield LiveApi(url, model, client)
    finally:
        servers[0].should_exit = servers[0].force_exit = True
        thread.join(START_SECONDS)
        listener.close()
