"""What the catalogue's jobs do: days that are over leave the counts, what is liked now trends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.catalogue import upkeep
from paddock.hub.catalogue.tables import download_marks, repository_downloads
from paddock.hub.context import Hub
from paddock.hub.likes.tables import likes
from paddock.hub.tables import repositories
from paddock.hub.types import Repository
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.hub.samples import make_account, make_repository


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[Hub]:
    yield Hub(database, LocalBlobStore(tmp_path / "blobs"), None)


def downloaded(database: Database, repo: Repository, day: date, count: int) -> None:
    """Count as the server does."""
    with database.write() as conn:
        row = {"repo_id": repo.id, "day": day, "count": count}
        conn.execute(repository_downloads.insert().values(row))
        more = {"downloads": repositories.c.downloads + count}
        more["downloads_all_time"] = repositories.c.downloads_all_time + count
        conn.execute(repositories.update().where(repositories.c.id == repo.id).values(more))


def test_downloads_are_those_of_the_last_thirty_days(hub: Hub, database: Database) -> None:
    today = clock.now().date()
    with database.write() as conn:
        first, second = make_repository(conn, "one"), make_repository(conn, "two")
        conn.execute(download_marks.insert().values(window=1, repo_id=first.id, client=1))
    for age, count in ((0, 1), (29, 2), (30, 4), (400, 8)):
        downloaded(database, first, today - timedelta(days=age), count)
    downloaded(database, second, today - timedelta(days=1), 5)
    for _ in range(2):  # a job may run twice
        upkeep.roll_downloads(hub, {})
        with database.read() as conn:
            columns = (repositories.c.downloads, repositories.c.downloads_all_time)
            assert conn.execute(sa.select(*columns).order_by(repositories.c.id)).all() == [
                (3, 15),
                (5, 5),
            ]
            assert not conn.execute(sa.select(download_marks)).all()


def test_what_is_liked_and_downloaded_now_is_trending(hub: Hub, database: Database) -> None:
    today = clock.now().date()
    with database.write() as conn:
        names = ("liked", "old", "downloaded", "forgotten")
        liked, old, taken, forgotten = (make_repository(conn, name) for name in names)
        user_id = make_account(conn, "bob").id
        for repo, age in ((liked, 0), (old, 30)):
            moment = clock.now() - timedelta(days=age)
            conn.execute(likes.insert().values(user_id=user_id, repo_id=repo.id, created_at=moment))
        was = repositories.update().where(repositories.c.id == forgotten.id)
        conn.execute(was.values(trending=99))
    downloaded(database, taken, today, 3)
    downloaded(database, taken, today - timedelta(days=3), 1)
    upkeep.score_trending(hub, {})
    with database.read() as conn:
        query = sa.select(repositories.c.trending).order_by(repositories.c.id)
        assert list(conn.execute(query).scalars()) == [70, 0, 25, 0]
