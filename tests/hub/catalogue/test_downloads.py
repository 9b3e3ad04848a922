"""Downloads are counted once for a client and a repository."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from paddock.hub.catalogue import downloads
from paddock.hub.catalogue.downloads import RecentDownloads, count_download
from paddock.hub.tables import repositories
from paddock.storage.database import Database
from tests.hub.samples import make_repository


def test_a_client_counts_once_for_a_repository_within_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = 1000.0
    monkeypatch.setattr(downloads.time, "monotonic", lambda: moment)
    recent = RecentDownloads()
    assert recent.is_new(1, "host a")
    assert not recent.is_new(1, "host a")
    assert recent.is_new(2, "host a") and recent.is_new(1, "host b")
    moment += downloads.WINDOW_SECONDS - 1
    assert not recent.is_new(1, "host a")
    moment += 2
    assert recent.is_new(1, "host a")


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_REMEMBERED", 3)
    recent = RecentDownloads()
    for number in range(4):
        assert recent.is_new(1, f"host {number}")
    assert recent.is_new(1, "host 0")  # the oldest was forgotten
    assert not recent.is_new(1, "host 3")


def test_a_count_is_added_and_a_busy_database_loses_it(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
    count_download(database, repo.id)
    count_download(database, repo.id)
    with database.write() as conn:
        assert conn.execute(sa.select(repositories.c.downloads)).scalar_one() == 2
        conn.execute(sa.text("DROP TABLE repository_tags"))
        conn.execute(sa.text("ALTER TABLE repositories RENAME TO elsewhere"))
    count_download(database, repo.id)  # no error reaches the one who downloads
