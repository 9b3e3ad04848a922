"""Transactions of both databases, and what is said when there is none."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock.storage.columns import Moment
from paddock.storage.database import Database
from paddock.storage.errors import BadDatabaseUrl, DatabaseBusy, DatabaseUnavailable

tables = sa.MetaData()
counters = sa.Table(
    "counters",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("at", Moment),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    with opened.write() as conn:
        tables.create_all(conn)
        conn.execute(counters.insert(), {"id": 1, "value": 0})
    yield opened
    opened.dispose()


def value(database: Database) -> int:
    with database.read() as conn:
        return conn.execute(sa.select(counters.c.value)).scalar_one()


def set_value(conn: sa.Connection, value: int) -> None:
    conn.execute(counters.update().values(value=value))


def test_what_a_block_wrote_is_there_after_it(database: Database) -> None:
    with database.write() as conn:
        set_value(conn, 7)
    assert value(database) == 7


def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as conn:
        set_value(conn, 1 // 0 if value(database) else 7)
        set_value(conn, 1 // 0)
    assert value(database) == 0


def test_a_reader_sees_one_moment_and_never_waits_for_a_writer(database: Database) -> None:
    with database.write() as writer:
        set_value(writer, 1)
        assert value(database) == 0
    with database.read() as reader:
        assert reader.scalar(sa.select(counters.c.value)) == 1
        with database.write() as writer:
            set_value(writer, 2)
        assert reader.scalar(sa.select(counters.c.value)) == 1
    assert value(database) == 2


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((DatabaseUnavailable, sa.exc.InternalError)), database.read() as conn:
        set_value(conn, 1)
    with database.write() as conn:
        set_value(conn, 5)
    assert value(database) == 5


def test_forty_threads_that_count_lose_no_count(database: Database) -> None:
    def count(_: int) -> None:
        with database.write() as conn:
            statement = sa.select(counters.c.value).with_for_update()
            set_value(conn, conn.execute(statement).scalar_one() + 1)

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(count, range(200)))
    assert value(database) == 200


def test_two_processes_that_read_and_then_write_lose_no_count(
    database_url: str, database: Database
) -> None:
    counting = (
        "import sys, sqlalchemy as sa\n"
        "from paddock.storage.database import Database\n"
        "database = Database(sys.argv[1])\n"
        "counters = sa.table('counters', sa.column('value'))\n"
        "for _ in range(50):\n"
        "    with database.write() as conn:\n"
        "        value = conn.scalar(sa.select(counters.c.value).with_for_update())\n"
        "        conn.execute(counters.update().values(value=value + 1))\n"
        "database.dispose()\n"
    )
    command = [sys.executable, "-c", counting, database_url]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert value(database) == 100


def test_a_kill_loses_no_commit_and_keeps_no_half(database_url: str, database: Database) -> None:
    writing = (
        "import sys, itertools, sqlalchemy as sa\n"
        "from paddock.storage.database import Database\n"
        "database = Database(sys.argv[1])\n"
        "for number in itertools.count(2):\n"
        "    with database.write() as conn:\n"
        "        conn.execute(sa.text(f'UPDATE counters SET value = {number} WHERE id = 1'))\n"
        "        conn.execute(sa.text(f'INSERT INTO counters VALUES ({number}, 0, NULL)'))\n"
        "    print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", writing, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.kill()
        acknowledged = 21 + len(process.stdout.readlines())
    with database.read() as conn:
        last = conn.scalar(sa.select(counters.c.value).where(counters.c.id == 1))
        rows = conn.scalar(sa.select(sa.func.count()).select_from(counters))
    assert last in (acknowledged, acknowledged + 1)  # the one whose word was cut off may be there
    assert rows == last


def test_broken_references_are_refused(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.write() as conn:
        conn.execute(sa.text("INSERT INTO memberships VALUES (1, 2, 'read')"))


def test_a_writer_that_waits_too_long_is_told_to_try_again(
    database_url: str, database: Database
) -> None:
    impatient = Database(database_url, lock_wait_seconds=0.1)
    with database.write() as first:
        set_value(first, 1)
        with (
            pytest.raises(DatabaseBusy, match=r"locked|busy") as caught,
            impatient.write() as second,
        ):
            set_value(second, 2)
    impatient.dispose()
    assert caught.value.status == 503
    assert value(database) == 1


def test_writers_of_one_process_queue_and_the_last_of_too_many_gives_up(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/queue.db", lock_wait_seconds=0.1)
    with (
        ThreadPoolExecutor(1) as pool,
        database.write(),
        pytest.raises(DatabaseBusy, match="in use"),
    ):
        pool.submit(lambda: database.write().__enter__()).result()
    database.dispose()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 11, 20, 23, 59, 59, tzinfo=timezone(timedelta(hours=-8))),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(
    database: Database, moment: datetime
) -> None:
    with database.write() as conn:
        conn.execute(counters.update().values(at=moment))
    with database.read() as conn:
        found = conn.execute(sa.select(counters.c.at)).scalar_one()
        later = conn.scalar(sa.select(counters.c.id).where(counters.c.at > moment))
    assert found == moment
    assert found is not None
    assert found.tzinfo == UTC
    assert later is None


def test_a_moment_without_a_zone_is_a_mistake(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"), database.write() as conn:
        conn.execute(counters.update().values(at=datetime(2026, 1, 1)))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be parsed"),
        ("", "cannot be parsed"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///a.db?mode=ro", "needs a file"),
        ("mysql://u:secret@h/d", "'mysql'"),
        ("postgresql+psycopg2://u:secret@h/d", "'postgresql.psycopg2'"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url: str, message: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=message) as caught:
        Database(url)
    assert "sqlite:///PATH" in str(caught.value.hint)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_password_is_never_shown(scheme: str) -> None:
    assert Database(f"{scheme}://u:secret@h/d").name == "postgresql+psycopg://u:***@h/d"


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "photo.db").write_bytes(b"GIF89a" * 1000)
    database = Database(f"sqlite:///{tmp_path}/photo.db")
    with pytest.raises(DatabaseUnavailable, match=r"photo\.db is not a database"), database.read():
        pass
    with pytest.raises(DatabaseUnavailable, match=r"photo\.db is not a database"), database.write():
        pass
    assert (tmp_path / "photo.db").read_bytes() == b"GIF89a" * 1000


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/absent/a.db")
    with (
        pytest.raises(DatabaseUnavailable, match=r"absent/a\.db cannot be opened"),
        database.write(),
    ):
        pass


def test_a_server_that_does_not_answer_is_said_so() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        database = Database(f"postgresql://u:secret@127.0.0.1:{port}/d")
        with pytest.raises(DatabaseUnavailable, match="refused") as caught, database.read():
            pass
    assert caught.value.status == 503
    assert "secret" not in str(caught.value)


def test_threads_that_read_within_a_read_do_not_wait_for_each_other(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/many.db", lock_wait_seconds=1)
    together = threading.Barrier(60)

    def nested(_: int) -> int:
        with database.read() as outer:
            outer.execute(sa.text("SELECT 1"))
            together.wait(30)
            with database.read() as inner:
                return inner.execute(sa.text("SELECT 1")).scalar_one()

    with ThreadPoolExecutor(60) as pool:
        assert sum(pool.map(nested, range(60))) == 60
    database.dispose()


def test_only_the_owner_may_read_the_database_and_its_log(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/private.db")
    with database.write() as conn:
        conn.execute(sa.text("CREATE TABLE secrets (value TEXT)"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    database.dispose()
    assert modes == {name: 0o600 for name in ("private.db", "private.db-wal", "private.db-shm")}
