"""Downloads are counted once for a client, a repository and an hour, by however many servers."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from paddock.hub import noting
from paddock.hub.catalogue import downloads
from paddock.hub.catalogue.downloads import Downloads
from paddock.hub.catalogue.tables import download_marks, repository_downloads
from paddock.hub.tables import repositories
from paddock.hub.types import Repository
from paddock.storage.database import Database
from tests.hub.samples import make_repository


@pytest.fixture(autouse=True)
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests say themselves when counts are written."""
    monkeypatch.setattr(noting, "FLUSH_SECONDS", 3600.0)


@pytest.fixture
def repo(database: Database) -> Repository:
    with database.write() as conn:
        return make_repository(conn)


def counts(database: Database) -> tuple[int, int]:
    """The last 30 days, and all time."""
    columns = (repositories.c.downloads, repositories.c.downloads_all_time)
    with database.read() as conn:
        return tuple(conn.execute(sa.select(*columns)).one())


def test_a_client_counts_once_for_a_repository_within_an_hour(
    database: Database, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 1_000_000.0
    monkeypatch.setattr(downloads.time, "time", lambda: moment)
    seen = Downloads()
    for client in ("host a", "host a", "account 1", "host a"):
        seen.note(database, repo.id, client)
    seen.flush(database)
    assert counts(database) == (2, 2)
    seen.note(database, repo.id, "host a")
    seen.flush(database)
    assert counts(database) == (2, 2)
    moment += downloads.WINDOW_SECONDS
    seen.note(database, repo.id, "host a")
    seen.flush(database)
    assert counts(database) == (3, 3)
    with database.read() as conn:
        assert conn.execute(sa.select(repository_downloads.c.count)).scalars().all() == [3]


def test_two_servers_that_saw_the_same_download_count_it_once(
    database: Database, repo: Repository
) -> None:
    first, second = Downloads(), Downloads()
    for server in (first, second):
        server.note(database, repo.id, "host a")
    second.note(database, repo.id, "host b")
    threads = [threading.Thread(target=s.flush, args=[database]) for s in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(database) == (2, 2)


def test_no_address_is_kept(database: Database, repo: Repository) -> None:
    seen = Downloads()
    seen.note(database, repo.id, "host 10.0.0.1")
    seen.flush(database)
    with database.read() as conn:
        (row,) = conn.execute(sa.select(download_marks)).all()
    assert "10.0.0.1" not in str(row)


def test_a_repository_that_is_gone_takes_no_other_count_with_it(
    database: Database, repo: Repository
) -> None:
    seen = Downloads()
    seen.note(database, repo.id + 1000, "host a")
    seen.note(database, repo.id, "host a")
    seen.flush(database)
    assert counts(database) == (1, 1)


def test_counts_wait_for_a_database_that_refuses_them(database: Database, repo: Repository) -> None:
    seen = Downloads()
    seen.note(database, repo.id, "host a")
    with database.write() as conn:
        conn.execute(sa.text("ALTER TABLE download_marks RENAME TO elsewhere"))
    seen.flush(database)  # no error reaches anybody
    with database.write() as conn:
        conn.execute(sa.text("ALTER TABLE elsewhere RENAME TO download_marks"))
    seen.flush(database)
    assert counts(database) == (1, 1)


def test_only_so_much_is_remembered(
    database: Database, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "MAX_REMEMBERED", 3)
    monkeypatch.setattr(noting, "MAX_NOTED", 5)
    seen = Downloads()
    for number in range(9):
        seen.note(database, repo.id, f"host {number}")
    seen.note(database, repo.id, "host 0")  # was forgotten, but the rows know
    seen.flush(database)
    assert counts(database) == (5, 5)


def test_what_is_noted_is_written_soon(
    database: Database, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "FLUSH_SECONDS", 0.01)
    written = threading.Event()
    write_marks = downloads.write_marks
    monkeypatch.setattr(downloads, "write_marks", lambda *a: (write_marks(*a), written.set()))
    Downloads().note(database, repo.id, "host a")
    assert written.wait(30)
    assert counts(database) == (1, 1)
