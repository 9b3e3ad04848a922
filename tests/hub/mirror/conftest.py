"""Two hubs: one that has repositories, and one that mirrors it on demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import sqlite_url
from tests.live import LiveServer, live_server


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("upstream")
    with live_server(folder / "data", sqlite_url(folder)) as running:
        running.user("ada")
        yield running


@pytest.fixture
def mirror(upstream: LiveServer, tmp_path: Path) -> Iterator[LiveServer]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    with live_server(
        folder / "data",
        sqlite_url(folder),
        upstream=upstream.url,
        upstream_token=upstream.user("reader", role="read"),
        upstream_refresh_seconds=0,
    ) as running:
        yield running
