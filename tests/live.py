"""The real server on a real socket, in the test's process, and the stock client pointed at it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from huggingface_hub import HfApi

from paddock.config import Settings
from paddock.http.protocol import uvicorn_options
from paddock.hub.context import Hub, ScanRules
from paddock.hub.jobs.handlers import load_handlers
from paddock.hub.jobs.worker import Worker, run_until_empty
from paddock.hub.mail.posting import Mail
from paddock.hub.mail.servers import read_mail_server
from paddock.hub.mirror.mirror import open_mirror
from paddock.hub.people.accounts import create_org, create_user, find_account
from paddock.hub.people.tokens import create_token
from paddock.listening import address, listen
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.migrate import migrate
from paddock.web.app import create_app
from paddock.web.server import HubServer
from paddock.web.serving.mount import open_models

START_SECONDS = 60.0
_LOOK_SECONDS = 0.01


@dataclass
class LiveServer:
    """A running hub; users and tokens are made straight in its database."""

    url: str
    hub: Hub
    data: Path
    admin: str
    admin_token: str

    def user(self, name: str, *, role: str = "write") -> str:
        """A token of the user ``name``, who is created when new."""
        with self.hub.database.write() as conn:
            account = find_account(conn, name) or create_user(conn, name)
            return create_token(conn, account, f"test-{role}", role)

    def org(self, name: str, owner: str, *, private_by_default: bool = False) -> None:
        with self.hub.database.write() as conn:
            account = find_account(conn, owner)
            assert account is not None
            create_org(conn, name, owner=account, private_by_default=private_by_default)

    def api(self, token: str | None = None) -> HfApi:
        """The stock client; ``token`` None is a stranger."""
        return HfApi(endpoint=self.url, token=token if token is not None else False)

    def run_jobs(self) -> None:
        """Return when all background work that is due has been done, scans excepted."""
        run_until_empty(self.hub, kinds=quick_kinds())

    def run_scans(self) -> None:
        """The same with scans, each of which takes a process."""
        run_until_empty(self.hub)

    @property
    def admin_api(self) -> HfApi:
        return self.api(self.admin_token)


class _EndsAtOnce(uvicorn.Server):
    """Where uvicorn looks ten times a second whether it shall end, and then waits a tenth."""

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            await asyncio.sleep(_LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with suppress(TimeoutError):  # everything is closed before the first wait
            await asyncio.wait_for(super().shutdown(sockets), _LOOK_SECONDS)


class _QuickServer(HubServer, _EndsAtOnce):
    """Ours, whose models are still closed in their own time."""


def quick_kinds() -> list[str]:
    """Kinds of jobs that every test's server does by itself."""
    return [kind for kind in load_handlers() if not kind.startswith("scans.")]


@contextmanager
def live_server(
    data: Path, database_url: str, *, blobs: BlobStore | None = None, **others: Any
) -> Iterator[LiveServer]:
    """Serve until the block ends; blobs are in ``data`` unless another store is given.

    ``others`` are settings for what not every test needs.
    """
    data.mkdir(parents=True, exist_ok=True)
    settings = Settings(**{"data": data, "port": 0, "packed_folder": data / "packed", **others})
    database = Database(database_url)
    migrate(database)
    listener = listen(settings.host, settings.port)
    url = address(listener, settings.host)
    blobs = blobs or LocalBlobStore(data / "blobs")
    mirror = open_mirror(settings, blobs)
    rules = ScanRules(settings.unscanned == "refuse", settings.scan_copy_bytes)
    hub = Hub(
        database,
        blobs,
        None,
        own_url=url,
        webhook_targets="any",
        mirror=mirror,
        scans=rules,
        mail=Mail(read_mail_server(settings.smtp_url, settings.mail_from)),
    )
    with database.write() as conn:
        admin = find_account(conn, "boss") or create_user(conn, "boss", is_admin=True)
        token = create_token(conn, admin, "test-admin", "admin")
    models = open_models(hub, settings)
    options = uvicorn.Config(create_app(hub, models), **uvicorn_options())
    server = _QuickServer(options, models, settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _wait_until_started(server, thread)
    worker = Worker(hub, kinds=quick_kinds(), threads=2)
    worker.start()
    try:
        yield LiveServer(url, hub, data, admin.name, token)
    finally:
        worker.stop()
        server.should_exit = True
        server.force_exit = True
        thread.join(START_SECONDS)
        listener.close()
        if mirror is not None:
            mirror.close()
        database.dispose()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the test server did not start")
        time.sleep(0.005)
