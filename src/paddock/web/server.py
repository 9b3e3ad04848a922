"""The server process: opens storage, migrates it, serves until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable, Collection

import uvicorn

from paddock.config import Settings
from paddock.http.protocol import allow_many_connections, uvicorn_options
from paddock.hub.audit_log.rules import LogRules
from paddock.hub.context import Hub, RequestLimits, ScanRules
from paddock.hub.download_log.noting import DownloadLog
from paddock.hub.jobs.worker import Worker
from paddock.hub.mail.posting import Mail
from paddock.hub.mail.servers import read_mail_server
from paddock.hub.mirror.mirror import open_mirror
from paddock.hub.oauth.issuers import Issuers
from paddock.hub.sessions.sign_up import read_sign_up
from paddock.listening import url_of
from paddock.log import get_logger
from paddock.storage.opening import open_blobs, open_database
from paddock.web.app import create_app
from paddock.web.serving.mount import Models, open_models

log = get_logger("web")

_LOOK_SECONDS = 0.1


def open_hub(settings: Settings) -> Hub:
    """The storage that the settings name, created and migrated as needed."""
    database = open_database(settings)
    blobs = open_blobs(settings)
    return Hub(
        database,
        blobs,
        settings.public_url,
        own_url=url_of(settings.host, settings.port),
        webhook_targets=settings.webhook_targets,
        mirror=open_mirror(settings, blobs),
        pull_request_bytes=settings.pull_request_bytes,
        organizations_by=settings.organizations_by,
        limits=RequestLimits(
            settings.rate_limit_api, settings.rate_limit_resolvers, settings.rate_limit_pages
        ),
        issuers=Issuers([i.strip() for i in settings.trusted_issuers.split(",") if i.strip()]),
        scans=ScanRules(settings.unscanned == "refuse", settings.scan_copy_bytes),
        sign_up=read_sign_up(settings.sign_up, settings.sign_up_terms, settings.invitations_by),
        download_log=DownloadLog(settings.download_log_days),
        log_rules=LogRules(settings.audit_log_address_days, settings.audit_log_days),
        mail=Mail(read_mail_server(settings.smtp_url, settings.mail_from)),
    )


def serve(
    hub: Hub,
    settings: Settings,
    listener: socket.socket,
    *,
    when_ready: Callable[[], None],
    starter: str | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; ``when_ready`` runs once, in a thread, when we answer.

    ``starter`` names the model that is meant by that word in ``serve_models``.
    Background work is done by as many threads as the settings say, from then on.
    """
    allow_many_connections()
    worker = Worker(hub, threads=settings.workers) if settings.workers else None
    models = open_models(hub, settings, starter=starter)
    app = create_app(hub, models)
    server = HubServer(uvicorn.Config(app, **uvicorn_options()), models, settings)
    stopped = threading.Event()

    def announce() -> None:
        while not server.started and not stopped.wait(0.01):
            pass
        if server.started:
            # What the program is made of stays: looking through it for garbage, again and again,
            # held every request up for a tenth of a second.
            gc.freeze()
            if worker is not None:
                worker.start()
            when_ready()

    threading.Thread(target=announce, name="when-ready", daemon=True).start()
    # uvicorn finishes what it has in hand and then raises the signal again: being told to stop and
    # stopping is no failure.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda _number, _frame: None)
    server.run(sockets=[listener])
    stopped.set()
    if worker is not None:
        worker.stop()
    hub.downloads.flush(hub.database)
    hub.download_log.flush(hub.database)
    if hub.mirror is not None:
        hub.mirror.close()
    hub.database.dispose()
    log.info("stopped")


class HubServer(uvicorn.Server):
    """uvicorn's, which lets the models' answers end before it does."""

    def __init__(self, config: uvicorn.Config, models: Models, settings: Settings) -> None:
        super().__init__(config)
        self._serving = models.serving
        self._drain_seconds = float(settings.serve_drain_seconds)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._serving is not None:
            draining = asyncio.ensure_future(self._serving.drain(self._drain_seconds))
            while not draining.done() and not self.force_exit:  # a second signal ends the wait
                await asyncio.wait({draining}, timeout=_LOOK_SECONDS)
            await self._serving.close()
        await super().shutdown(sockets)


def work(settings: Settings, *, kinds: Collection[str] | None, threads: int) -> None:
    """Do background work until SIGTERM or SIGINT, without serving anything."""
    hub = open_hub(settings)
    worker = Worker(hub, kinds=kinds, threads=threads)
    stopped = threading.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda _number, _frame: stopped.set())
    worker.start()
    log.info("working", worker=worker.name)
    stopped.wait()
    worker.stop()
    hub.database.dispose()
    log.info("stopped")
