"""A workshop for each test: a new repository on a shared server, and an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.git_http.workshop import Workshop, workshop
from tests.live import LiveServer


@pytest.fixture
def shop(shared_server: LiveServer, tmp_path: Path) -> Workshop:
    return workshop(shared_server, tmp_path)


@pytest.fixture
def shop_on_each(server_on_each: LiveServer, tmp_path: Path) -> Workshop:
    """The same on SQLite and on PostgreSQL."""
    (tmp_path / "git").mkdir()
    return workshop(server_on_each, tmp_path / "git")
