"""Which repository holds which large file, on both databases, with writers at the same time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

import pytest

from paddock.hub.errors import NotUploaded, RepositoryNotFound
from paddock.hub.large import large_files
from paddock.hub.large.large_files import LargeFileRow, XetFileRow
from paddock.hub.people.accounts import create_user
from paddock.hub.repositories import NewRepository, create_repository
from paddock.hub.types import Caller, Kind, Token
from paddock.storage.blobs import Blob
from paddock.storage.database import Database

A, B = (hashlib.sha256(name).hexdigest() for name in (b"a", b"b"))
XET = "1" * 64


@pytest.fixture
def repos(database: Database) -> tuple[int, int]:
    with database.write() as conn:
        account = create_user(conn, "alice")
        caller = Caller(account, Token(1, "t", "write", account.created_at))
        made = [
            create_repository(conn, caller, NewRepository(Kind.MODEL, name))
            for name in ("one", "two")
        ]
    return made[0].id, made[1].id


def test_presence_is_of_the_repository(database: Database, repos: tuple[int, int]) -> None:
    one, two = repos
    with database.write() as conn:
        large_files.add_blob(conn, one, Blob(A, 5))
    with database.read() as conn:
        assert large_files.present(conn, one, [A, B]) == {A}
        assert large_files.present(conn, two, [A, B]) == set()
        assert large_files.lookup(conn, [A, B]) == {A: LargeFileRow(5, True, None)}


def test_both_ways_of_storing_a_file_add_up(database: Database, repos: tuple[int, int]) -> None:
    one, two = repos
    with database.write() as conn:
        large_files.add_blob(conn, one, Blob(A, 5))
        large_files.add_xet_files(conn, two, [XetFileRow(A, 5, XET)])
        large_files.add_xet_files(conn, one, [XetFileRow(B, 6, XET)])
        large_files.add_blob(conn, two, Blob(B, 6))
    with database.read() as conn:
        found = large_files.lookup(conn, [A, B])
    assert found == {A: LargeFileRow(5, True, XET), B: LargeFileRow(6, True, XET)}


def test_the_first_xet_hash_stays(database: Database, repos: tuple[int, int]) -> None:
    with database.write() as conn:
        large_files.add_xet_files(conn, repos[0], [XetFileRow(A, 5, XET)])
        large_files.add_xet_files(conn, repos[1], [XetFileRow(A, 5, "2" * 64)])
    with database.read() as conn:
        assert large_files.lookup(conn, [A])[A].xet_hash == XET


def test_only_what_is_stored_can_be_granted(database: Database, repos: tuple[int, int]) -> None:
    one, two = repos
    with database.write() as conn:
        large_files.add_blob(conn, one, Blob(A, 5))
    with database.write() as conn:
        large_files.grant(conn, two, [A, A])
    with pytest.raises(NotUploaded, match=B), database.write() as conn:
        large_files.grant(conn, two, [A, B])
    with pytest.raises(RepositoryNotFound), database.write() as conn:
        large_files.grant(conn, 10**6, [A])


def test_many_files_at_once(database: Database, repos: tuple[int, int]) -> None:
    names = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(2500)]
    rows = [XetFileRow(name, n, name) for n, name in enumerate(names)]
    with database.write() as conn:
        large_files.add_xet_files(conn, repos[0], rows)
    with database.read() as conn:
        assert large_files.present(conn, repos[0], names) == set(names)
        assert large_files.lookup(conn, names)[names[7]] == LargeFileRow(7, False, names[7])


def test_writers_of_the_same_file_do_not_disturb_each_other(
    database: Database, repos: tuple[int, int]
) -> None:
    failures: list[BaseException] = []

    def writer(repo_id: int, names: list[str], by_xet: bool) -> Callable[[], None]:
        def write() -> None:
            try:
                for _ in range(5):
                    with database.write() as conn:
                        for name in names:
                            if by_xet:
                                large_files.add_xet_files(
                                    conn, repo_id, [XetFileRow(name, 5, name)]
                                )
                            else:
                                large_files.add_blob(conn, repo_id, Blob(name, 5))
            except BaseException as error:
                failures.append(error)

        return write

    names = sorted([A, B])
    threads = [
        threading.Thread(target=writer(repo_id, names, by_xet))
        for repo_id in repos
        for by_xet in (True, False)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.read() as conn:
        assert large_files.lookup(conn, [A, B]) == {
            A: LargeFileRow(5, True, A),
            B: LargeFileRow(5, True, B),
        }
        assert large_files.present(conn, repos[1], [A, B]) == {A, B}
