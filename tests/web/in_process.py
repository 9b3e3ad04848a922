"""The whole server without a socket: a request is a call. For tests that ask very often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from paddock.config import Settings
from paddock.hub.context import Hub
from paddock.hub.jobs.worker import run_until_empty
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.web.app import create_app
from paddock.web.serving.mount import open_models
from tests.databases import sqlite_url
from tests.live import quick_kinds

URL = "http://hub.test"


class InProcess:
    """A hub, and the application over it."""

    def __init__(self, hub: Hub, settings: Settings, runner: asyncio.Runner) -> None:
        self.hub = hub
        self._runner = runner
        self._app = create_app(hub, open_models(hub, settings))

    def client(self) -> httpx.AsyncClient:
        """With cookies of its own."""
        transport = httpx.ASGITransport(self._app)
        return httpx.AsyncClient(transport=transport, base_url=URL)

    def ask(self, client: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(client.request(method, path, **more))

    def run_jobs(self) -> None:
        """Return when all quick background work that is due has been done."""
        run_until_empty(self.hub, kinds=quick_kinds())


@contextmanager
def in_process(data: Path) -> Iterator[InProcess]:
    """Over SQLite, until the block ends; nothing works in the background."""
    settings = Settings(data=data, packed_folder=data / "packed")
    database = Database(sqlite_url(data))
    hub = Hub(database, LocalBlobStore(data / "blobs"), URL, webhook_targets="any")
    with asyncio.Runner() as runner:
        yield InProcess(hub, settings, runner)
    database.dispose()
