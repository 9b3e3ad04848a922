"""A hub without a server, on each database, and handlers that are known for one test only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from paddock.hub.context import Hub
from paddock.hub.jobs import handlers
from paddock.hub.jobs.queue import enqueue
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore

Register = Callable[[str, Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def hub(database: Database, blobs: LocalBlobStore) -> Hub:
    return Hub(database, blobs, None)


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    """``handle(kind, function)``: no other kind has a handler, and nothing is periodic."""
    known: dict[str, handlers.Handler] = {}
    monkeypatch.setattr(handlers, "_handlers", known)
    monkeypatch.setattr(handlers, "_periods", {})
    monkeypatch.setattr(handlers, "MODULES", ())

    def register(kind: str, function: Callable[[dict[str, Any]], object]) -> None:
        def run(_: Hub, payload: dict[str, Any]) -> None:
            function(payload)

        known[kind] = run

    yield register


def put(hub: Hub, kind: str, **payload: Any) -> int:
    """A job of its own transaction."""
    with hub.database.write() as conn:
        return enqueue(conn, kind, payload)
